//! See `cozegate_gateway::fuzzing::path`.

#![no_main]

use cozegate_gateway::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::path(data));
