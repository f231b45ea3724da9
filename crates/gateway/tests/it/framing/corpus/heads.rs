//! Requests whose heads are none, or could be read in two ways.

use super::{After, Case, SMUGGLED};

/// All of them.
pub(super) fn bad(cases: &mut Vec<Case>) {
    odd_bytes(cases);
    line_ends(cases);
    fields(cases);
    request_lines(cases);
    starts(cases);
    sizes(cases);
    hosts(cases);
}

/// Control characters, in every part of a head.
fn odd_bytes(cases: &mut Vec<Case>) {
    for byte in [0_u8, 1, 8, 0xb, 0xc, 0x1b, 0x1f, 0x7f] {
        for (part, before, after) in [
            ("method", "G", "ET /v1/x HTTP/1.1\r\n{H}{F}\r\n"),
            ("target", "GET /v1/", "x HTTP/1.1\r\n{H}{F}\r\n"),
            ("version", "GET /v1/x HTTP/1.1", "\r\n{H}{F}\r\n"),
            ("name", "GET /v1/x HTTP/1.1\r\n{H}X", "Y: z\r\n{F}\r\n"),
            ("value", "GET /v1/x HTTP/1.1\r\n{H}{F}X: y", "z\r\n\r\n"),
        ] {
            let template = [before.as_bytes(), &[byte], after.as_bytes()].concat();
            cases.push(Case::bad(format!("byte {byte:#x} in the {part}"), template));
        }
    }
}

fn line_ends(cases: &mut Vec<Case>) {
    let lines = [
        "GET /v1/x HTTP/1.1\n{H}{F}\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}X: y\n{F}\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}{F}\n",
        "GET /v1/x HTTP/1.1\n{H}{F}\n",
        "GET /v1/x HTTP/1.1\r\n{H}X: y\r{F}\r\n",
        "GET /v1/x HTTP/1.1\r{H}{F}\r\n",
        "GET /v1/x HTTP/1.1\r\r\n{H}{F}\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}X: y\r\r\n{F}\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}{F}\r\r\n",
        "GET /v1/x HTTP/1.1\n\r{H}{F}\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}X: y\n\r{F}\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Content-Length: 5\n{F}\r\nhello",
    ];
    for line in lines {
        cases.push(Case::bad(format!("line end: {line:?}"), line));
    }
}

fn fields(cases: &mut Vec<Case>) {
    let lines = [
        "X : y",
        "X\t: y",
        " X: y",
        "\tX: y",
        "X",
        "X y",
        ": y",
        "=",
        "X;: y",
        "Host",
        "X\u{e9}: y",
        "\u{feff}X: y",
        "Content-Length : 5",
        "Content-Length\t: 5",
        " Content-Length: 5",
        "Transfer-Encoding\u{b}: chunked",
        "Transfer-Encoding :chunked",
    ];
    for line in lines {
        for template in [
            format!("GET /v1/x HTTP/1.1\r\n{line}\r\n{{H}}{{F}}\r\n"),
            format!("GET /v1/x HTTP/1.1\r\n{{H}}{{F}}{line}\r\n\r\n"),
        ] {
            cases.push(Case::bad(format!("field: {line:?}"), template));
        }
    }
    for byte in "()<>@,;\\\"/[]?={} ".chars() {
        cases.push(Case::bad(
            format!("name with {byte:?}"),
            format!("GET /v1/x HTTP/1.1\r\n{{H}}X{byte}Y: z\r\n{{F}}\r\n"),
        ));
    }
    for fold in [" ", "\t", "  \t"] {
        for field in [
            "X: y",
            "Content-Length: 0",
            "Transfer-Encoding:",
            "Authorization: Bearer",
        ] {
            cases.push(Case::bad(
                format!("folded {field:?} {fold:?}"),
                format!("POST /v1/x HTTP/1.1\r\n{{H}}{field}\r\n{fold}chunked\r\n{{F}}\r\n0\r\n\r\n{SMUGGLED}"),
            ));
        }
    }
}

fn request_lines(cases: &mut Vec<Case>) {
    let lines = [
        "GET",
        "GET /v1/x",
        "GET  /v1/x HTTP/1.1",
        "GET /v1/x  HTTP/1.1",
        "GET\t/v1/x\tHTTP/1.1",
        " GET /v1/x HTTP/1.1",
        "GET /v1/x HTTP/1.1 ",
        "GET /v1/x HTTP/1.1 x",
        "GET /v1/x y HTTP/1.1",
        "GET /v1/x HTTP/0.9",
        "GET /v1/x HTTP/1.2",
        "GET /v1/x HTTP/2",
        "GET /v1/x HTTP/2.0",
        "GET /v1/x HTTP/1.10",
        "GET /v1/x HTTP/01.1",
        "GET /v1/x HTTP/1",
        "GET /v1/x HTTP/1.1.1",
        "GET /v1/x http/1.1",
        "GET /v1/x HTTPS/1.1",
        "GET /v1/x HTTP 1.1",
        "GET /v1/x HTTP/-1.1",
        "GET /v1/x ICAP/1.0",
        "G@T /v1/x HTTP/1.1",
        "GE\u{e9}T /v1/x HTTP/1.1",
        "(GET) /v1/x HTTP/1.1",
        "GET: /v1/x HTTP/1.1",
        "GET v1/x HTTP/1.1",
        "GET {HOST} HTTP/1.1",
        "GET * HTTP/1.1",
        "POST * HTTP/1.1",
        "CONNECT {HOST} HTTP/1.1",
        "CONNECT evil:443 HTTP/1.1",
        "CONNECT /v1/x HTTP/1.1 HTTP/1.1",
        "GET ftp://{HOST}/v1/x HTTP/1.1",
        "GET file:///v1/x HTTP/1.1",
        "GET //\u{0}/ HTTP/1.1",
        "GET /v1/x#y HTTP/1.1",
        "GET /v1/x?y#z HTTP/1.1",
        "GET # HTTP/1.1",
        "GET ?x HTTP/1.1",
        "PRI * HTTP/2.0",
    ];
    for line in lines {
        cases.push(Case::bad(
            format!("line: {line:?}"),
            format!("{line}\r\n{{H}}{{F}}\r\n"),
        ));
    }
    cases.push(Case::bad(
        "line: a target that is no UTF-8",
        [b"GET /v1/\xff\xfe HTTP/1.1\r\n".as_slice(), b"{H}{F}\r\n"].concat(),
    ));
}

/// What is no HTTP at all, or not at once.
fn starts(cases: &mut Vec<Case>) {
    let get = "GET /v1/x HTTP/1.1\r\n{H}{F}\r\n";
    for start in [
        "\n",
        "\r\r\n",
        "\r\n\r\n",
        "\r\n\n",
        "\r",
        " ",
        "\t",
        "\u{0}",
        ":",
        "\u{feff}",
        "[",
        "{\"a\":1}\r\n",
        "\r\n ",
    ] {
        cases.push(Case::bad(format!("start: {start:?}"), format!("{start}{get}")));
    }
    cases.push(Case::bad(
        "start: TLS",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
    ));
    cases.push(Case::bad("start: HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    cases.push(Case::bad("start: SSH", "SSH-2.0-OpenSSH_9.6\r\n"));
}

fn sizes(cases: &mut Vec<Case>) {
    let long = "x".repeat(33 * 1024);
    cases.push(Case::bad(
        "size: target",
        format!("GET /v1/{long} HTTP/1.1\r\n{{H}}\r\n"),
    ));
    cases.push(Case::bad(
        "size: value",
        format!("GET /v1/x HTTP/1.1\r\n{{H}}X: {long}\r\n\r\n"),
    ));
    cases.push(Case::bad(
        "size: name",
        format!("GET /v1/x HTTP/1.1\r\n{{H}}{long}: y\r\n\r\n"),
    ));
    cases.push(Case::bad("size: method", format!("{long} /v1/x HTTP/1.1\r\n{{H}}\r\n")));
    cases.push(Case::bad("size: no line at all", long));
    for count in [99, 200, 2000] {
        let fields = "X: y\r\n".repeat(count);
        cases.push(Case::bad(
            format!("size: {count} fields more"),
            format!("GET /v1/x HTTP/1.1\r\n{{H}}{fields}\r\n"),
        ));
    }
}

/// Well framed, and meant for somebody else.
fn hosts(cases: &mut Vec<Case>) {
    for head in [
        "GET /v1/x HTTP/1.1\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\nHost: evil\r\n{F}\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}Host: evil\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}Host: {HOST}\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\nHost: {HOST}, evil\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\nHost: user@{HOST}\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\nHost: {HOST}/\r\n\r\n",
        "GET http://evil/v1/x HTTP/1.1\r\n{H}\r\n",
        "GET http://user@{HOST}/v1/x HTTP/1.1\r\n{H}\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: evil\r\n{F}\r\n",
        "TRACE /v1/x HTTP/1.1\r\n{H}{F}\r\n",
        "TRACK /v1/x HTTP/1.1\r\n{H}\r\n",
        "FOO /v1/x HTTP/1.1\r\n{H}\r\n",
        "get /v1/x HTTP/1.1\r\n{H}\r\n",
    ] {
        cases.push(Case {
            after: After::GoesOn,
            ..Case::bad(format!("host: {head:?}"), head)
        });
    }
}
