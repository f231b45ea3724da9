//! Names become addresses: handed in, so that a test can change the answer.
//!
//! Used where a caller's request has a say in which name is looked up (files of allowed hosts). The API bases come from
//! the configuration only, and are left to the system.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;

/// The addresses of a name, some time later.
pub type Resolving<'r> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'r>>;

/// Finds addresses.
pub trait Resolve: Send + Sync + fmt::Debug {
    /// Looks `host` up. What it answers is what is connected to; nobody asks a second time for the same connection.
    fn resolve<'r>(&'r self, host: &'r str) -> Resolving<'r>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'r>(&'r self, host: &'r str) -> Resolving<'r> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
