//! See `cozegate_policy::oracle::policy_json`.

#![no_main]

use cozegate_policy::oracle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| oracle::policy_json(data));
