//! Values of `Host` that are not us, in every spelling that has got past somebody's check.

use super::case::Case;

/// Names and addresses that are not ours, whatever the port.
const FOREIGN: [&str; 78] = [
    // Plain, and with one of our names as prefix, suffix or part.
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.127.0.0.1",
    "evil.localhost",
    "evillocalhost",
    "localhost-evil",
    "127.0.0.1-evil",
    "www.coze.cn",
    // The trailing dot is another spelling of the same DNS name, so a page can have it.
    "localhost.",
    "localhost..",
    "127.0.0.1.",
    ".localhost",
    ".127.0.0.1",
    // The same address in other notations: RFC 6943 3.1.1.
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.01",
    "127.000.000.001",
    "127.0.0.1e0",
    "4294967297",
    // Other addresses that lead here on some systems.
    "127.0.0.2",
    "127.255.255.254",
    "0.0.0.0",
    "0",
    "00000000",
    "0x0",
    "255.255.255.255",
    // The neighbourhood.
    "10.0.0.1",
    "172.17.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "host.docker.internal",
    "gateway.docker.internal",
    "metadata.google.internal",
    "router.local",
    "printer.lan",
    "nas.home.arpa",
    "my-laptop",
    "my-laptop.local",
    "localhost.localdomain",
    "localhost6",
    "ip6-localhost",
    "ip6-loopback",
    // IPv6.
    "[::]",
    "[::0]",
    "[::01]",
    "[0::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::1%lo]",
    "[::1%25lo]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0.0.0.0]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[::1]evil.example",
    "[::1].evil.example",
    "::1",
    "[]",
    // What looks like ours, or decodes to it.
    "loca\u{17f}lhost",
    "\u{2460}27.0.0.1",
    "127\u{3002}0\u{3002}0\u{3002}1",
    "\u{ff11}27.0.0.1",
    "l\u{200d}ocalhost",
    "xn--localhost-",
    "%6c%6f%63alhost",
    "localhost%2e",
    "localhost%00",
    "\"localhost\"",
];

/// What people put around a host that is ours.
const DISGUISES: [&str; 20] = [
    "user@{}",
    "user:password@{}",
    "{}@evil.example",
    "evil.example@{}",
    "{}#evil.example",
    "{}?evil.example",
    "{}/",
    "{}/evil.example",
    "{}\\evil.example",
    "/{}",
    "//{}",
    "http://{}",
    "{},evil.example",
    "evil.example,{}",
    "{};evil.example",
    "{} evil.example",
    "evil.example {}",
    "{}\tevil.example",
    "<{}>",
    "'{}'",
];

/// Wrong ports behind names that are ours. `{}` is the right one.
const PORTS: [&str; 19] = [
    "",
    ":",
    ":0",
    ":80",
    ":443",
    ":9",
    ":0{}",
    ":00000{}",
    ":+{}",
    ":-{}",
    ":{}0",
    ":{}.",
    ":{}.0",
    ":{}:{}",
    ":{}@",
    ":0x{}",
    "::{}",
    ":{}%00",
    ":\u{ff10}{}",
];

const OWN: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// All of them for the listener on `port`; `other_port` is that of our other listener.
pub fn cases(port: u16, other_port: u16) -> Vec<Case> {
    let mut hosts: Vec<String> = Vec::new();
    for name in FOREIGN {
        hosts.extend([format!("{name}:{port}"), name.to_owned()]);
    }
    hosts.extend(["evil.example:80", "evil.example:443", "evil.example:"].map(str::to_owned));
    let right = port.to_string();
    for own in OWN {
        hosts.extend(PORTS.map(|wrong| format!("{own}{}", wrong.replace("{}", &right))));
        hosts.push(format!("{own}:{other_port}"));
        hosts.push(format!("{own}:{}", u32::from(port) + 65_536));
    }
    for disguise in DISGUISES {
        let ours = format!("127.0.0.1:{port}");
        hosts.extend([disguise.replace("{}", &ours), disguise.replace("{}", "127.0.0.1")]);
    }
    let named = hosts.iter().map(|host| Case::of(format!("Host: {host}\r\n")));
    named.chain(not_one_host(port)).chain(absolute_form(port)).collect()
}

/// None, several, or one that is none.
fn not_one_host(port: u16) -> Vec<Case> {
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    let evil = "Host: evil.example\r\n";
    let mut cases: Vec<Case> = [
        String::new(),
        "Host:\r\n".to_owned(),
        "Host: \r\n".to_owned(),
        format!("{own}{own}"),
        format!("{own}{evil}"),
        format!("{evil}{own}"),
        format!("{own}Host:\r\n"),
        format!("{own}host: 127.0.0.1:{port}\r\n"),
        format!("X-Forwarded-Host: 127.0.0.1:{port}\r\n{evil}"),
        format!("X-Original-Host: 127.0.0.1:{port}\r\n{evil}"),
        format!("X-Host: 127.0.0.1:{port}\r\n{evil}"),
        format!("Forwarded: host=\"127.0.0.1:{port}\"\r\n{evil}"),
        format!(":authority: 127.0.0.1:{port}\r\n{evil}"),
        format!("Host : 127.0.0.1:{port}\r\n"),
        format!("Host: evil.example\r\n 127.0.0.1:{port}\r\n"),
        format!("Host: 127.0.0.1:{port}\0\r\n"),
        format!("Host: 127.0.0.1:{port}\rHost: evil.example\r\n"),
        format!("H\u{f6}st: 127.0.0.1:{port}\r\n"),
        format!("{own}Host\u{0}: x\r\n"),
    ]
    .map(Case::of)
    .into();
    // Invalid as UTF-8.
    cases.push(Case::of(b"Host: \xff\xfe127.0.0.1\r\n".to_vec()));
    for fields in [String::new(), evil.to_owned()] {
        cases.push(Case {
            version: "HTTP/1.0",
            ..Case::of(fields)
        });
    }
    cases
}

/// RFC 9112 3.2.2: the request line names the target, and a server that looks at one of the two names only is fooled.
fn absolute_form(port: u16) -> Vec<Case> {
    let own = format!("127.0.0.1:{port}");
    let field = format!("Host: {own}\r\n");
    let foreign = [
        "http://evil.example".to_owned(),
        format!("http://evil.example:{port}"),
        "https://evil.example".to_owned(),
        format!("http://127.0.0.1.evil.example:{port}"),
        "http://127.0.0.1".to_owned(),
        "http://localhost".to_owned(),
        format!("http://user@{own}"),
        format!("http://{own}@evil.example"),
        format!("http://2130706433:{port}"),
        format!("http://0.0.0.0:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        "ftp://evil.example".to_owned(),
    ];
    let with_own_host = foreign.into_iter().map(|absolute| Case {
        absolute: Some(absolute),
        ..Case::of(field.clone())
    });
    let own_target = ["Host: evil.example\r\n", "", "Host:\r\n"].map(|fields| Case {
        absolute: Some(format!("http://{own}")),
        ..Case::of(fields)
    });
    with_own_host.chain(own_target).collect()
}
