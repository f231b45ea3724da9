//! A database in memory is there for as long as somebody holds it, whatever becomes of the runtime that opened it.

use crate::backends::{NOW, sealer};
use coze_auth::SystemRandom;
use cozegate_store::{Backend, Database};
use std::sync::Arc;
use tokio::runtime;

#[test]
fn database_in_memory_outlives_the_runtime_that_opened_it() {
    // The connection is given back to the pool on the runtime, which ends just then: sometimes too early.
    for _ in 0..50 {
        let opening = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let opened = opening.block_on(Database::open_in_memory(sealer(1), Arc::new(SystemRandom)));
        let backend = Backend::from(opened.unwrap());
        drop(opening);

        let using = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        using.block_on(backend.sweep(NOW)).unwrap();
    }
}
