//! See `cozegate_core::fuzzing::credential`.

#![no_main]

use cozegate_core::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::credential(data));
