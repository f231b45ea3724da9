//! See `cozegate_gateway::fuzzing::config_file`.

#![no_main]

use cozegate_gateway::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::config_file(data));
