//! See `cozegate_config::fuzzing::config_file`.

#![no_main]

use cozegate_config::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::config_file(data));
