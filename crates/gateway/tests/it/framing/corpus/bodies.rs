//! Requests of whose bodies nobody can say, or two would say differently, where they end.

use super::{Case, SMUGGLED};

/// All of them.
pub(super) fn bad(cases: &mut Vec<Case>) {
    both_lengths(cases);
    content_lengths(cases);
    transfer_encodings(cases);
    chunks(cases);
}

/// `Transfer-Encoding` beside `Content-Length`, in both orders.
fn both_lengths(cases: &mut Vec<Case>) {
    let codings = [
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: Chunked",
        "transfer-encoding:chunked",
        "Transfer-Encoding:\tchunked",
        "Transfer-Encoding: chunked ",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer_Encoding: chunked",
    ];
    for coding in codings {
        for length in ["0", "3", "5", "4096"] {
            for fields in [
                format!("{coding}\r\nContent-Length: {length}\r\n"),
                format!("Content-Length: {length}\r\n{{F}}{coding}\r\n"),
            ] {
                let name = format!("both: {coding} {length}");
                cases.push(Case::bad(
                    name,
                    format!("POST /v1/x HTTP/1.1\r\n{{H}}{fields}\r\n0\r\n\r\n{SMUGGLED}"),
                ));
            }
        }
    }
}

fn content_lengths(cases: &mut Vec<Case>) {
    let values = [
        "",
        " ",
        "+5",
        "-5",
        "-0",
        "5, 5",
        "5,5",
        "5,6",
        "5 5",
        "5;",
        "0x5",
        "5.0",
        "5e0",
        "five",
        "\"5\"",
        "'5'",
        "5_0",
        "\u{ff15}",
        "5\u{a0}",
        "18446744073709551616",
        "18446744073709551621",
        "9999999999999999999",
        "340282366920938463463374607431768211461",
        "5\t5",
        ",5",
        "5,",
        "NaN",
        "null",
        "5\u{0}",
        "5\u{b}",
        "\u{b}5",
        "5\r",
        "1 0",
    ];
    for value in values {
        cases.push(Case::bad(
            format!("length: {value:?}"),
            format!("POST /v1/x HTTP/1.1\r\n{{H}}Content-Length: {value}\r\n{{F}}\r\nhello{SMUGGLED}"),
        ));
    }
    for (first, second) in [("5", "5"), ("5", "6"), ("0", "5"), ("5", "0"), ("5", "+5"), ("5", "")] {
        for name in [
            "Content-Length",
            "content-length",
            "CONTENT-LENGTH",
            "Content_Length",
            "content_length",
        ] {
            cases.push(Case::bad(
                format!("lengths: {first} and {name} {second}"),
                format!("POST /v1/x HTTP/1.1\r\n{{H}}Content-Length: {first}\r\n{{F}}{name}: {second}\r\n\r\nhello{SMUGGLED}"),
            ));
        }
    }
    cases.push(Case::bad(
        "length: with an underscore alone",
        format!("POST /v1/x HTTP/1.1\r\n{{H}}Content_Length: 5\r\n\r\nhello{SMUGGLED}"),
    ));
}

fn transfer_encodings(cases: &mut Vec<Case>) {
    let values = [
        "",
        "identity",
        "gzip",
        "deflate",
        "compress",
        "cow",
        "chunk",
        "chunkedx",
        "xchunked",
        "chunked, chunked",
        "chunked, gzip",
        "gzip, chunked",
        "identity, chunked",
        "chunked, identity",
        "chunked,",
        ", chunked",
        "\"chunked\"",
        "'chunked'",
        "chunked;x=y",
        "chunked; q=0.5",
        "chu nked",
        "chunked\u{0}",
        "\u{b}chunked",
        "chunked\u{b}",
        "chunked\u{c}",
        "\u{a0}chunked",
        "\u{442}chunked",
        "chunked\r",
        "trailers",
    ];
    for value in values {
        cases.push(Case::bad(
            format!("coding: {value:?}"),
            format!("POST /v1/x HTTP/1.1\r\n{{H}}Transfer-Encoding: {value}\r\n{{F}}\r\n0\r\n\r\n{SMUGGLED}"),
        ));
    }
    for second in ["chunked", "identity", "gzip", ""] {
        for (first, name) in [
            ("chunked", "Transfer-Encoding"),
            ("identity", "transfer-encoding"),
            ("chunked", "Transfer_Encoding"),
        ] {
            cases.push(Case::bad(
                format!("codings: {first} and {name} {second}"),
                format!("POST /v1/x HTTP/1.1\r\n{{H}}Transfer-Encoding: {first}\r\n{{F}}{name}: {second}\r\n\r\n0\r\n\r\n{SMUGGLED}"),
            ));
        }
    }
    cases.push(Case::bad(
        "coding: in HTTP/1.0",
        format!("POST /v1/x HTTP/1.0\r\n{{H}}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
    ));
    cases.push(Case::bad(
        "coding: with an underscore alone",
        format!("POST /v1/x HTTP/1.1\r\n{{H}}Transfer_Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
    ));
}

/// Bodies whose chunks are none. Their heads are right, and may have gone on.
fn chunks(cases: &mut Vec<Case>) {
    let bodies = [
        "\r\n",
        "g\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5\t\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\rhello\r\n0\r\n\r\n",
        "5;a\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n",
        "5;\u{0}\r\nhello\r\n0\r\n\r\n",
        "5\u{0}\r\nhello\r\n0\r\n\r\n",
        "5,\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhell\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhello\r\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF\r\nhello\r\n",
        "0000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\n",
        "5\r\nhello\r\n0\r\n\n",
        "5\r\nhello\r\n0\r\rX",
        "5\r\nhello\r\n0\r\n T: x\r\n\r\n",
        "5\r\nhello\r\n0\r\nT : x\r\n\r\n",
        "5\r\nhello\r\n0\r\nT\r\n\r\n",
        "5\r\nhello\r\n0\r\n: x\r\n\r\n",
        "5\r\nhello\r\n0\r\nT: \u{0}\r\n\r\n",
        "5\r\nhello\r\n0\r\nT: x\n\r\n",
        "5\r\nhello\r\n0\r\nT: x\r\n\n",
        "\u{ff15}\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0;\n\r\n",
        "5\r\nhello\r\n-0\r\n\r\n",
    ];
    for body in bodies {
        cases.push(Case::bad(
            format!("chunks: {body:?}"),
            format!("POST /v1/x HTTP/1.1\r\n{{H}}Transfer-Encoding: chunked\r\n{{F}}\r\n{body}{SMUGGLED}"),
        ));
    }
    let long = "x".repeat(2000);
    cases.push(Case::bad(
        "chunks: a long extension",
        format!(
            "POST /v1/x HTTP/1.1\r\n{{H}}Transfer-Encoding: chunked\r\n\r\n5;{long}\r\nhello\r\n0\r\n\r\n{SMUGGLED}"
        ),
    ));
    let trailers = format!("T: {long}\r\n").repeat(5);
    cases.push(Case::bad(
        "chunks: long trailers",
        format!(
            "POST /v1/x HTTP/1.1\r\n{{H}}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n{trailers}\r\n{SMUGGLED}"
        ),
    ));
}
