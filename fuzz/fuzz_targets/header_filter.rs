//! See `cozegate_proxy::fuzzing::header_filter`.

#![no_main]

use cozegate_proxy::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::header_filter(data));
