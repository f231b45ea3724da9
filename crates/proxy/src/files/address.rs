//! Which addresses a host of files may have. Pure.
//!
//! A name on the list is no promise about where it leads: whoever answers for the name could point it at this machine or
//! into the network around it. So an address must be one of the public Internet, unless the host is listed as private;
//! and what is no single machine's address, or only this link's, is never one. Written out rather than taken from the
//! standard library, whose `is_global` is not stable; the ranges are those of the IANA special-purpose registries
//! (RFC 6890 and what followed).

use cozegate_core::caller::unwrap_ipv4;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a host may be reached at `address`.
pub(super) fn is_allowed(address: IpAddr, may_be_private: bool) -> bool {
    let address = unwrap_ipv4(address);
    is_somebodys(address) && (may_be_private || is_public(address))
}

/// Whether this is one machine's address, which does not end at this link: not unspecified, broadcast, multicast or
/// link-local (where clouds keep their metadata).
fn is_somebodys(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !(v4.octets()[0] == 0 || v4.is_broadcast() || v4.is_multicast() || v4.is_link_local()),
        IpAddr::V6(v6) => !(v6.is_unspecified() || v6.is_multicast() || v6.is_unicast_link_local()),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_documentation()
        || matches!(
            (a, b, c),
            // Shared by carriers (RFC 6598), protocol assignments (RFC 6890), the old 6to4 relays, benchmarks (RFC 2544),
            // and what is reserved.
            (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) | (240.., _, _)
        );
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // What is given out at all is 2000::/3; within it Teredo and other protocol assignments (2001::/23), documentation
    // (2001:db8::/32, 3fff::/20) and the old 6bone are nobody's hosts.
    let is_given_out = a & 0xe000 == 0x2000;
    let is_special = (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || (a == 0x3fff && b < 0x1000) || a == 0x3ffe;
    is_given_out && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_reached_unless_the_host_is_private() {
        // Never; only for a private host; always.
        let never = [
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "239.1.1.1",
            "169.254.169.254",
            "::",
            "ff02::1",
            "fe80::1",
            "febf::1",
            "::ffff:169.254.169.254",
            "::ffff:0.0.0.0",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
        ];
        let private = [
            "127.0.0.1",
            "127.255.255.254",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "240.0.0.1",
            "::1",
            "fc00::1",
            "fd12:3456::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "5f00::1",
            "4000::1",
        ];
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "223.255.255.254",
            "2606:4700::1111",
            "2400:3200::1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ];
        let mut wrong = Vec::new();
        let mut tried = 0;
        for (list, expected) in [
            (never.as_slice(), [false, false]),
            (private.as_slice(), [false, true]),
            (public.as_slice(), [true, true]),
        ] {
            for text in list {
                tried += 1;
                let address = text.parse().unwrap();
                let found = [false, true].map(|may_be_private| is_allowed(address, may_be_private));
                if found != expected {
                    wrong.push(format!("{text}: {found:?}"));
                }
            }
        }

        println!("addresses: tried {tried} / wrong {}", wrong.len());
        assert_eq!(wrong, Vec::<String>::new());
    }
}
