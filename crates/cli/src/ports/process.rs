//! Asks the operating system which process listens on an address.
//!
//! Linux tells in `/proc` (proc(5)): `net/tcp` lists sockets with their inode, `<pid>/fd` links processes to inodes.
//! macOS and the BSDs have `lsof`, Windows has `netstat`. Without any of them, or without the right to look at another
//! user's process, the answer is "unknown".

use serde::Serialize;
use std::net::SocketAddr;

/// A process of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// Its short name; empty when only its number is known.
    pub(crate) name: String,
}

/// Returns the process that listens on `address`.
pub(super) fn find_listener(address: SocketAddr) -> Option<Process> {
    system::find_listener(address)
}

#[cfg(target_os = "linux")]
mod system {
    use super::Process;
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::path::Path;

    /// `TCP_LISTEN` in `net/tcp`.
    const LISTENING: &str = "0A";

    pub(super) fn find_listener(address: SocketAddr) -> Option<Process> {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
        let inodes: Vec<String> = tables
            .iter()
            .flat_map(|table| table.lines().skip(1))
            .filter_map(|line| inode(line, address))
            .collect();
        find_owner(&inodes)
    }

    /// Returns the inode of a line that is a socket listening on `address`, or on every address with its port.
    pub(super) fn inode(line: &str, address: SocketAddr) -> Option<String> {
        let mut columns = line.split_whitespace();
        let (ip, port) = columns.nth(1)?.split_once(':')?;
        if columns.nth(1)? != LISTENING || u16::from_str_radix(port, 16).ok()? != address.port() {
            return None;
        }
        let ip = parse_ip(ip)?.to_canonical();
        let inode = columns.nth(5)?;
        (ip == address.ip() || ip.is_unspecified()).then(|| inode.to_owned())
    }

    /// The kernel prints the bytes as words of its own byte order.
    fn parse_ip(hex: &str) -> Option<IpAddr> {
        let word = |at: usize| {
            Some(
                u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16)
                    .ok()?
                    .to_ne_bytes(),
            )
        };
        if hex.len() == 8 {
            return Some(Ipv4Addr::from(word(0)?).into());
        }
        let words = [word(0)?, word(1)?, word(2)?, word(3)?];
        Some(Ipv6Addr::from(<[u8; 16]>::try_from(words.concat()).ok()?).into())
    }

    fn find_owner(inodes: &[String]) -> Option<Process> {
        let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
        let processes = fs::read_dir("/proc").ok()?.flatten();
        processes
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
            .find_map(|(pid, path): (u32, _)| {
                holds_one_of(&path, &links).then(|| Process {
                    pid,
                    name: fs::read_to_string(path.join("comm"))
                        .unwrap_or_default()
                        .trim()
                        .to_owned(),
                })
            })
    }

    fn holds_one_of(process: &Path, links: &[String]) -> bool {
        // Other people's processes cannot be looked into.
        let Ok(descriptors) = fs::read_dir(process.join("fd")) else {
            return false;
        };
        descriptors
            .flatten()
            .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
            .any(|target| links.iter().any(|link| target.as_os_str() == link.as_str()))
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod system {
    use super::Process;
    use std::net::SocketAddr;
    use std::process::Command;

    pub(super) fn find_listener(address: SocketAddr) -> Option<Process> {
        let port = format!("-iTCP:{}", address.port());
        let output = Command::new("lsof")
            .args(["-nP", &port, "-sTCP:LISTEN", "-Fpc"])
            .output()
            .ok()?;
        // One field per line: p<pid>, c<command>.
        let output = String::from_utf8(output.stdout).ok()?;
        let field = |letter: char| output.lines().find_map(|line| line.strip_prefix(letter));
        Some(Process {
            pid: field('p')?.parse().ok()?,
            name: field('c').unwrap_or_default().to_owned(),
        })
    }
}

#[cfg(not(unix))]
mod system {
    use super::Process;
    use std::net::SocketAddr;
    use std::process::Command;

    pub(super) fn find_listener(address: SocketAddr) -> Option<Process> {
        let output = Command::new("netstat").args(["-ano", "-p", "TCP"]).output().ok()?;
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        let port = format!(":{}", address.port());
        // Protocol, local address, remote address, state, pid; the state's word is translated, the remote zero is not.
        let pid = output.lines().find_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let listens = columns.get(1)?.ends_with(&port) && columns.get(2)?.ends_with(":0");
            if listens { columns.last()?.parse().ok() } else { None }
        })?;
        Some(Process {
            pid,
            name: String::new(),
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn our_own_listener_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();

        let process = find_listener(listener.local_addr().unwrap()).unwrap();

        assert_eq!(process.pid, std::process::id());
        assert!(!process.name.is_empty());
    }

    #[test]
    fn a_listener_on_every_address_holds_each_of_them() {
        let on_all = "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 4242 1 0";
        let on_all_of_v6 = "   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A \
                            00000000:00000000 00:00000000 00000000  1000  0 4243 1 0";
        let connected = on_all.replace(" 0A ", " 01 ");
        let address = "127.0.0.1:8080".parse().unwrap();

        assert_eq!(system::inode(on_all, address).as_deref(), Some("4242"));
        assert_eq!(system::inode(on_all_of_v6, address).as_deref(), Some("4243"));
        assert_eq!(system::inode(&connected, address), None);
        assert_eq!(system::inode(on_all, "127.0.0.1:8081".parse().unwrap()), None);
    }
}
