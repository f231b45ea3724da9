//! See `cozegate_proxy::fuzzing::url_target`.

#![no_main]

use cozegate_proxy::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::url_target(data));
