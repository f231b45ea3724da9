//! See `cozegate_core::policy::oracle::policy_path`.

#![no_main]

use cozegate_core::policy::oracle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| oracle::policy_path(data));
