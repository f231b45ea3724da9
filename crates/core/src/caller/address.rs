//! The address that a request comes from: the peer's, or the one that a trusted proxy names.
//!
//! The peer's address counts, unless the peer is one of the operator's proxies (`server.trusted_proxies`). Then the configured
//! field (`server.forwarded_field`) is read from the right, where the nearest proxy wrote, up to the first address that is no
//! trusted proxy. What is further left was written by strangers. From any other peer the field means nothing.
//!
//! One field counts, and the other is ignored: a proxy writes one of them and may pass the other as a caller made it up. Pure.

use crate::asked::FieldLines;
use cozegate_config::ForwardedField;
use http::header::{FORWARDED, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The operator's proxies, and the field in which they name the caller.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    field: ForwardedField,
}

impl TrustedProxies {
    /// Proxies in `networks`, which write `field`.
    pub fn new(networks: Vec<IpNet>, field: ForwardedField) -> Self {
        Self { networks, field }
    }

    /// Whether `address` is that of a trusted proxy.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// The address that a caller without a name is counted by: an IPv4 address, or the /64 from which an IPv6 host chooses its
/// address. All IPv6 spellings of an IPv4 address are that address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

/// The network that an IPv6 client's /64 belongs to: one customer may have a whole /48.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientNetwork(Ipv6Addr);

impl ClientAddress {
    /// The address of the caller behind `peer`.
    pub fn of(peer: IpAddr, head: &impl FieldLines, trusted: &TrustedProxies) -> Self {
        if !trusted.contains(peer) {
            return Self::of_peer(peer);
        }
        let named = match trusted.field {
            ForwardedField::XForwardedFor => by_x_forwarded_for(head, trusted),
            ForwardedField::Forwarded => by_forwarded(head, trusted),
        };
        match named {
            Named::Address(address) => Self::of_peer(address),
            Named::Nobody | Named::Unknown => Self::of_peer(peer),
        }
    }

    /// The address of a caller that connects without a proxy.
    pub fn of_peer(address: IpAddr) -> Self {
        Self(match unwrap_ipv4(address) {
            v4 @ IpAddr::V4(_) => v4,
            IpAddr::V6(v6) => IpAddr::V6(prefix(v6, 64)),
        })
    }

    /// The /48 around an IPv6 address.
    pub fn network(self) -> Option<ClientNetwork> {
        match self.0 {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => Some(ClientNetwork(prefix(v6, 48))),
        }
    }
}

fn prefix(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits)))
}

/// The IPv4 address inside an IPv6 one that only carries it: mapped (RFC 4291 2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056).
pub fn unwrap_ipv4(address: IpAddr) -> IpAddr {
    let IpAddr::V6(outer) = address else { return address };
    if let Some(mapped) = outer.to_ipv4_mapped() {
        return mapped.into();
    }
    let joined = |high: u16, low: u16| IpAddr::from(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match outer.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => joined(high, low),
        _ => address,
    }
}

/// Whom a field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// Nobody: the field is not there.
    Nobody,
    /// Somebody, but not by an address.
    Unknown,
    /// This address.
    Address(IpAddr),
}

/// The first from the right that is no proxy of ours. When all are, the one furthest away asks for itself.
fn nearest_stranger(hops: impl Iterator<Item = Option<IpAddr>>, trusted: &TrustedProxies) -> Named {
    let mut named = Named::Nobody;
    for hop in hops {
        let Some(address) = hop else { return Named::Unknown };
        named = Named::Address(address);
        if !trusted.contains(address) {
            break;
        }
    }
    named
}

/// Several fields of one name are one list (RFC 9110 5.3).
fn by_x_forwarded_for(head: &impl FieldLines, trusted: &TrustedProxies) -> Named {
    let fields = head.lines(&X_FORWARDED_FOR).rev();
    let hops = fields.flat_map(|field| field.rsplit(|byte| *byte == b',').map(parse_node));
    nearest_stranger(hops, trusted)
}

/// RFC 7239 4: elements by commas, in each of them pairs by semicolons; both may stand within quotes, too.
fn by_forwarded(head: &impl FieldLines, trusted: &TrustedProxies) -> Named {
    let fields = head.lines(&FORWARDED).rev();
    let hops = fields.flat_map(|field| {
        if !closes_its_quotes(field) {
            return vec![None];
        }
        let elements: Vec<&[u8]> = split_unquoted(field, b',').collect();
        elements.into_iter().rev().map(for_of).collect()
    });
    nearest_stranger(hops, trusted)
}

/// The address in the one `for=` of an element.
fn for_of(element: &[u8]) -> Option<IpAddr> {
    let mut nodes = split_unquoted(element, b';').filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair.get(..equals)?, pair.get(equals + 1..)?);
        name.trim_ascii().eq_ignore_ascii_case(b"for").then_some(value)
    });
    let node = nodes.next()?.trim_ascii();
    if nodes.next().is_some() {
        return None;
    }
    let unquoted = node.strip_prefix(b"\"").and_then(|node| node.strip_suffix(b"\""));
    parse_node(unquoted.unwrap_or(node))
}

/// Splits outside of quoted strings (RFC 9110 5.6.4).
fn split_unquoted(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quotes = Quotes::default();
    text.split(move |byte| !quotes.hold(*byte) && *byte == separator)
}

/// Whether every quote of a field is closed. With one that is not, a stranger hides what a proxy adds behind it.
fn closes_its_quotes(text: &[u8]) -> bool {
    let mut quotes = Quotes::default();
    for byte in text {
        quotes.hold(*byte);
    }
    !quotes.is_open
}

/// Where in a field we are.
#[derive(Default)]
struct Quotes {
    is_open: bool,
    is_escaped: bool,
}

impl Quotes {
    /// Reads the next byte; says whether it stands within quotes.
    fn hold(&mut self, byte: u8) -> bool {
        if self.is_escaped {
            self.is_escaped = false;
        } else if self.is_open && byte == b'\\' {
            self.is_escaped = true;
        } else if byte == b'"' {
            self.is_open = !self.is_open;
        }
        self.is_open
    }
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`; `unknown` and `_names` are none.
fn parse_node(node: &[u8]) -> Option<IpAddr> {
    let node = std::str::from_utf8(node.trim_ascii()).ok()?;
    let address = match node.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']')?;
            if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
                return None;
            }
            IpAddr::V6(address.parse().ok()?)
        }
        None => match node.split_once(':') {
            Some((address, port)) if is_port(port) => IpAddr::V4(address.parse().ok()?),
            _ => node.parse().ok()?,
        },
    };
    Some(address.to_canonical())
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{HeaderMap, HeaderName, HeaderValue};
    use std::collections::HashSet;

    /// Peer, fields, and the address that they come to.
    type Row<'a> = (&'a str, &'a [(&'static str, &'a str)], &'a str);

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let fields = fields.iter().map(|(name, value)| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            (HeaderName::from_static(name), value)
        });
        fields.collect()
    }

    fn trusted(field: ForwardedField) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "::1/128", "2001:db8:f::/48"].map(|net| net.parse().unwrap());
        TrustedProxies::new(networks.to_vec(), field)
    }

    /// With the first of the fields configured.
    fn of(peer: &str, fields: &[(&'static str, &str)]) -> String {
        let field = match fields.first() {
            Some(("forwarded", _)) => ForwardedField::Forwarded,
            _ => ForwardedField::XForwardedFor,
        };
        ClientAddress::of(peer.parse().unwrap(), &headers(fields), &trusted(field))
            .0
            .to_string()
    }

    #[test]
    fn fields_count_from_trusted_peers_only_and_from_the_right() {
        let (xff, fwd) = ("x-forwarded-for", "forwarded");
        let table: &[Row<'_>] = &[
            // Nobody is trusted but who is listed.
            ("192.0.2.1", &[], "192.0.2.1"),
            ("192.0.2.1", &[(xff, "198.51.100.7")], "192.0.2.1"),
            ("192.0.2.1", &[(fwd, "for=198.51.100.7")], "192.0.2.1"),
            ("11.0.0.1", &[(xff, "198.51.100.7")], "11.0.0.1"),
            // A listed one, with and without a word about the caller.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[(xff, "198.51.100.7")], "198.51.100.7"),
            ("::ffff:10.0.0.1", &[(xff, "198.51.100.7")], "198.51.100.7"),
            ("::1", &[(xff, "198.51.100.7")], "198.51.100.7"),
            ("10.0.0.1", &[(xff, "198.51.100.7:4711")], "198.51.100.7"),
            ("10.0.0.1", &[(xff, " 198.51.100.7 ")], "198.51.100.7"),
            ("10.0.0.1", &[(xff, "::ffff:198.51.100.7")], "198.51.100.7"),
            // What a caller writes itself stands further left.
            ("10.0.0.1", &[(xff, "127.0.0.1, 198.51.100.7")], "198.51.100.7"),
            ("10.0.0.1", &[(xff, "1.1.1.1, 198.51.100.7, 10.9.9.9")], "198.51.100.7"),
            (
                "10.0.0.1",
                &[(xff, "1.1.1.1"), (xff, "198.51.100.7, 10.1.1.1")],
                "198.51.100.7",
            ),
            ("10.0.0.1", &[(xff, "198.51.100.7"), (xff, "10.1.1.1")], "198.51.100.7"),
            ("10.0.0.1", &[(xff, "rubbish, 198.51.100.7")], "198.51.100.7"),
            // Only proxies of our own: the furthest of them asks for itself.
            ("10.0.0.1", &[(xff, "10.7.7.7, 10.8.8.8")], "10.7.7.7"),
            // No address where one should be.
            ("10.0.0.1", &[(xff, "")], "10.0.0.1"),
            ("10.0.0.1", &[(xff, "unknown")], "10.0.0.1"),
            ("10.0.0.1", &[(xff, "198.51.100.7, unknown")], "10.0.0.1"),
            ("10.0.0.1", &[(xff, "198.51.100.7,")], "10.0.0.1"),
            ("10.0.0.1", &[(xff, "198.51.100.7:port")], "10.0.0.1"),
            ("10.0.0.1", &[(xff, "你好")], "10.0.0.1"),
            // RFC 7239, with its own examples.
            ("10.0.0.1", &[(fwd, "for=198.51.100.7")], "198.51.100.7"),
            ("10.0.0.1", &[(fwd, "For=\"198.51.100.7:4711\"")], "198.51.100.7"),
            (
                "10.0.0.1",
                &[(fwd, "for=192.0.2.60;proto=http;by=203.0.113.43")],
                "192.0.2.60",
            ),
            (
                "10.0.0.1",
                &[(fwd, "for=192.0.2.43, for=198.51.100.17")],
                "198.51.100.17",
            ),
            ("10.0.0.1", &[(fwd, "for=192.0.2.43, for=10.2.2.2")], "192.0.2.43"),
            ("10.0.0.1", &[(fwd, "for=\"_gazonk\"")], "10.0.0.1"),
            ("10.0.0.1", &[(fwd, "proto=https")], "10.0.0.1"),
            ("10.0.0.1", &[(fwd, "for=1.1.1.1;for=2.2.2.2")], "10.0.0.1"),
            ("10.0.0.1", &[(fwd, "for=1.1.1.1;x=\"a, for=2.2.2.2\"")], "1.1.1.1"),
            ("10.0.0.1", &[(fwd, "for=2.2.2.2;x=\"a\\\", b\"")], "2.2.2.2"),
            ("10.0.0.1", &[(fwd, "for=\"1.1.1.1")], "10.0.0.1"),
            // A quote that a caller leaves open would swallow what the proxy adds.
            ("10.0.0.1", &[(fwd, "for=1.1.1.1;x=\", for=2.2.2.2")], "10.0.0.1"),
            (
                "10.0.0.1",
                &[(fwd, "for=1.1.1.1;x=\"\\, for=\"[2001:db8::1]\"")],
                "10.0.0.1",
            ),
            // Both: the first one here is the configured one, and the other may say what it likes.
            (
                "10.0.0.1",
                &[(xff, "198.51.100.7"), (fwd, "for=198.51.100.7")],
                "198.51.100.7",
            ),
            (
                "10.0.0.1",
                &[(xff, "198.51.100.7"), (fwd, "for=1.1.1.1")],
                "198.51.100.7",
            ),
            ("10.0.0.1", &[(fwd, "for=1.1.1.1"), (xff, "198.51.100.7")], "1.1.1.1"),
            ("10.0.0.1", &[(xff, "unknown"), (fwd, "for=1.1.1.1")], "10.0.0.1"),
            ("10.0.0.1", &[(fwd, "for=_hidden"), (xff, "1.1.1.1")], "10.0.0.1"),
            // One IPv4 address, however it is spelled.
            ("::ffff:192.0.2.1", &[], "192.0.2.1"),
            ("64:ff9b::c000:201", &[], "192.0.2.1"),
            ("2002:c000:201:5::9", &[], "192.0.2.1"),
            ("10.0.0.1", &[(xff, "64:ff9b::c000:201")], "192.0.2.1"),
            ("10.0.0.1", &[(xff, "2002:c000:201::1")], "192.0.2.1"),
            ("10.0.0.1", &[(fwd, "for=\"[::ffff:192.0.2.1]\"")], "192.0.2.1"),
            // An IPv6 host has its /64 to choose from.
            ("2001:db8:1:2:3:4:5:6", &[], "2001:db8:1:2::"),
            ("10.0.0.1", &[(xff, "2001:db8:1:2:3:4:5:6")], "2001:db8:1:2::"),
            (
                "10.0.0.1",
                &[(xff, "[2001:db8:1:2::9]:4711, 2001:db8:f::1")],
                "2001:db8:1:2::",
            ),
            (
                "10.0.0.1",
                &[(fwd, "for=\"[2001:db8:cafe::17]:4711\"")],
                "2001:db8:cafe::",
            ),
            ("10.0.0.1", &[(xff, "[2001:db8::1]x")], "10.0.0.1"),
        ];

        let wrong: Vec<_> = table
            .iter()
            .filter(|(peer, fields, expected)| of(peer, fields) != *expected)
            .map(|(peer, fields, expected)| (peer, fields, expected, of(peer, fields)))
            .collect();

        println!("addresses: tried {} / wrong {}", table.len(), wrong.len());
        assert_eq!(wrong, vec![]);
    }

    #[test]
    fn a_thousand_forged_addresses_are_one_caller_and_a_thousand_noted_ones_are_a_thousand() {
        let forged = (0..1_000_u32).map(|n| format!("198.18.{}.{}", n / 256, n % 256));
        let callers = |peer: &str, noted: &dyn Fn(&str) -> String| -> HashSet<String> {
            let fields = forged.clone().map(|address| noted(&address));
            fields.map(|field| of(peer, &[("x-forwarded-for", &field)])).collect()
        };

        let from_a_stranger = callers("192.0.2.1", &str::to_owned);
        let through_a_proxy = callers("10.0.0.1", &|address| format!("{address}, 192.0.2.1"));
        let noted_by_a_proxy = callers("10.0.0.1", &str::to_owned);

        println!(
            "addresses: bad tried 2000 / let through {}; good tried 1000 / refused {}",
            from_a_stranger.len() + through_a_proxy.len() - 2,
            1_000 - noted_by_a_proxy.len()
        );
        assert_eq!(from_a_stranger, HashSet::from(["192.0.2.1".to_owned()]));
        assert_eq!(through_a_proxy, HashSet::from(["192.0.2.1".to_owned()]));
        assert_eq!(noted_by_a_proxy.len(), 1_000);
    }
}
