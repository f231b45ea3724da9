//! See `cozegate_proxy::fuzzing::events`.

#![no_main]

use cozegate_proxy::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::events(data));
