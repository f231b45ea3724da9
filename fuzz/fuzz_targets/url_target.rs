//! See `cozegate_gateway::fuzzing::url_target`.

#![no_main]

use cozegate_gateway::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::url_target(data));
