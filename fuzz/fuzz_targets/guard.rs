//! See `cozegate_gateway::fuzzing::guard`.

#![no_main]

use cozegate_gateway::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::guard(data));
