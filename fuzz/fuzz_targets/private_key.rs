//! See `coze_auth::fuzzing::private_key`.

#![no_main]

use coze_auth::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::private_key(data));
