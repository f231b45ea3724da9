//! See `cozegate_core::policy::oracle::policy_query`.

#![no_main]

use cozegate_core::policy::oracle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| oracle::policy_query(data));
