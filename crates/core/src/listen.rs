//! Takes the addresses that we listen on.
//!
//! On Linux the proxy opens one socket per core on the same address (`SO_REUSEPORT`): the kernel spreads the connections
//! and no core waits for another. Elsewhere one socket is read by an acceptor that hands connections round
//! (`workers.rs` of the proxy). Either way a second program on the address is an error and not a silent sharer, so the
//! address is tried without the option first.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Connections that wait to be accepted; the kernel cuts it to its own limit.
const BACKLOG: i32 = 1024;

/// Takes `addr` (port 0: any free one) for one socket.
pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// How connections come to several workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// The kernel spreads them over sockets that share the address (Linux).
    Kernel,
    /// One acceptor hands them round.
    Acceptor,
}

impl Spread {
    /// What this system can do.
    pub const fn of_this_system() -> Self {
        if cfg!(target_os = "linux") {
            Self::Kernel
        } else {
            Self::Acceptor
        }
    }
}

/// Takes `addr` for `count` sockets that share it (Linux). The first one decides about the port when it is 0.
pub fn bind_shared(addr: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    if addr.port() != 0 {
        // Sockets with `SO_REUSEPORT` share with any other of the same user: without it, a stranger is an error.
        drop(TcpListener::bind(addr)?);
    }
    let mut addr = addr;
    let mut listeners = Vec::with_capacity(count);
    for _ in 0..count.max(1) {
        let listener = bind_sharing(addr)?;
        addr = listener.local_addr()?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn bind_sharing(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(target_os = "linux")]
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_address_is_an_error_even_when_the_other_one_would_share() {
        if Spread::of_this_system() == Spread::Acceptor {
            return;
        }
        let first = bind_shared(([127, 0, 0, 1], 0).into(), 2).unwrap();
        let addr = first.first().unwrap().local_addr().unwrap();

        let error = bind_shared(addr, 2).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
