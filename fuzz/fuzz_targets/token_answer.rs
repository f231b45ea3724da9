//! See `coze_auth::fuzzing::token_answer`.

#![no_main]

use coze_auth::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzzing::token_answer(data));
