//! The requests, as data. `{H}` stands for a right `Host` and credential, `{HOST}` for the authority alone, `{F}` for fields
//! that claim to be somebody; `\r\n` is written out, since line ends are the matter.

/// What may follow a bad request on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing: an answer says so, and the connection ends.
    Ends,
    /// The next request: where this one ends is beyond doubt, and it was refused for something else.
    GoesOn,
}

/// One case.
#[derive(Clone)]
pub struct Case {
    pub name: String,
    template: Vec<u8>,
    pub after: After,
    /// How many requests a good one holds.
    pub requests: usize,
}

impl Case {
    fn bad(name: impl Into<String>, template: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            template: template.into(),
            after: After::Ends,
            requests: 0,
        }
    }

    fn good(requests: usize, template: impl Into<Vec<u8>>) -> Self {
        let template = template.into();
        Self {
            name: String::from_utf8_lossy(&template).chars().take(120).collect(),
            template,
            after: After::GoesOn,
            requests,
        }
    }

    /// What is sent.
    pub fn bytes(&self, host: &str, handle: &str, forged: &str) -> Vec<u8> {
        let own = format!("Host: {host}\r\nAuthorization: Bearer {handle}\r\n");
        let mut bytes = self.template.clone();
        for (mark, text) in [("{H}", own.as_str()), ("{HOST}", host), ("{F}", forged)] {
            while let Some(at) = bytes.windows(mark.len()).position(|window| window == mark.as_bytes()) {
                bytes.splice(at..at + mark.len(), text.bytes());
            }
        }
        bytes
    }
}

/// What a smuggler wants to have read as a request.
const SMUGGLED: &str = "GET /v1/smuggled HTTP/1.1\r\nHost: evil\r\n\r\n";

/// Every byte there is in every place of a head, and addresses that may be none. Some are good.
pub fn odd_heads() -> Vec<Case> {
    let bytes = (0x21..=0xFF_u8).map(|byte| [b"/v1/users/me?x=".as_slice(), &[byte]].concat());
    let in_path = (0x21..=0xFF_u8).map(|byte| [b"/v1/x".as_slice(), &[byte], b"y"].concat());
    let pairs = ["\u{e9}", "\u{4f60}", "\u{1f600}"].map(|text| format!("/v1/{text}?{text}").into_bytes());
    let addresses = [
        "http://",
        "http:///",
        "http://[",
        "http://[::1",
        "http://[::1]x/",
        "http://a:b/",
        "http://a:99999/",
        "http://:80/",
        "http://@/",
        "http://a@b@c/",
        "http://a%/",
        "http://%61/",
        "http://{HOST}",
        "http://{HOST}?x",
        "http://{HOST}/<",
        "https://{HOST}:/",
        "http://a\\b/",
        "http://\u{4f60}/",
        "http://a:/",
        "http://-/",
        "http://a,b/",
        "*x",
        "//",
        "///x",
    ];
    let addresses = addresses.map(|address| address.as_bytes().to_vec());
    let targets = bytes.chain(in_path).chain(pairs).chain(addresses);
    let with_targets = targets.map(|target| [b"GET ", target.as_slice(), b" HTTP/1.1\r\n{H}\r\n"].concat());
    let around = |before: &'static str, behind: &'static str| {
        // The platform of these tests reads no others, and in a value they are good.
        (0..=0x7F_u8).map(move |byte| [before.as_bytes(), &[byte], behind.as_bytes()].concat())
    };
    let heads = with_targets
        .chain(around("G", "T /v1/users/me HTTP/1.1\r\n{H}\r\n"))
        .chain(around("GET /v1/users/me HTTP/1.1\r\n{H}X", "Y: a\r\n\r\n"))
        .chain(around("GET /v1/users/me HTTP/1.1\r\n{H}X: a", "b\r\n\r\n"));
    heads
        .map(|head| {
            Case::bad(
                String::from_utf8_lossy(&head).chars().take(60).collect::<String>(),
                head,
            )
        })
        .collect()
}

/// Every bad one.
pub fn bad() -> Vec<Case> {
    let mut cases = vec![];
    both_lengths(&mut cases);
    content_lengths(&mut cases);
    transfer_encodings(&mut cases);
    odd_bytes(&mut cases);
    line_ends(&mut cases);
    fields(&mut cases);
    request_lines(&mut cases);
    starts(&mut cases);
    chunks(&mut cases);
    sizes(&mut cases);
    hosts(&mut cases);
    cases
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
        "OPTIONS * HTTP/1.1\r\n{H}\r\n",
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

/// Every good one: what clients send that is rare, and right.
pub fn good() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "GET /v1/x HTTP/1.1\r\n{H}\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}{F}\r\n",
        "\r\nGET /v1/x HTTP/1.1\r\n{H}\r\n",
        "GET http://{HOST}/v1/x HTTP/1.1\r\n{H}\r\n",
        "GET HTTP://{HOST}/v1/x?y=z HTTP/1.1\r\n{H}\r\n",
        "GET /v1/x?a=b&c=%E4%BD%A0 HTTP/1.1\r\n{H}\r\n",
        "GET /v1/x?q=\u{4f60}\u{597d} HTTP/1.1\r\n{H}\r\n",
        "GET /v1/x?a=[1]&b={c}|d^e~ HTTP/1.1\r\n{H}\r\n",
        "GET //v1/x HTTP/1.1\r\n{H}\r\n",
        "DELETE /v1/x HTTP/1.1\r\n{H}\r\n",
        "DELETE /v1/x HTTP/1.1\r\n{H}Content-Length: 5\r\n\r\nhello",
        "PUT /v1/x HTTP/1.1\r\n{H}Content-Length: 5\r\n\r\nhello",
        "PATCH /v1/x HTTP/1.1\r\n{H}Content-Length: 5\r\n\r\nhello",
        "GET /v1/x HTTP/1.1\r\n{H}Content-Length: 5\r\n\r\nhello",
        "GET /v1/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Content-Length: 0\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Content-Length: 005\r\n\r\nhello",
        "POST /v1/x HTTP/1.1\r\n{H}content-length:5\r\n\r\nhello",
        "POST /v1/x HTTP/1.1\r\n{H}CONTENT-LENGTH: \t 5 \t \r\n\r\nhello",
        "POST /v1/x HTTP/1.1\r\n{H}transfer-encoding:\tCHUNKED \r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0;last\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n5 ; a=\"b c\"\r\nhello\r\n0\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n00005\r\nhello\r\n000\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\nTrailer: T\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Forwarded-User: forged\r\nT:\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n1\r\n\r\r\n2\r\n\r\n\r\n0\r\n\r\n",
        "POST /v1/x HTTP/1.1\r\n{H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        "POST /v1/x HTTP/1.1\r\n{H}TE: trailers\r\nConnection: TE\r\nContent-Length: 5\r\n\r\nhello",
        "POST /v1/x HTTP/1.1\r\n{H}Upgrade: h2c\r\nHTTP2-Settings: x\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 5\r\n\r\nhello",
        "GET /v1/x HTTP/1.1\r\n{H}X:\r\nY: \r\nZ:\t\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}X:   y   z   \r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}X: \u{e9}\u{4f60}\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}X: a\tb\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}!#$%&'*+-.^_`|~0: y\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}X: :::\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}Connection: keep-alive\r\nKeep-Alive: timeout=5, max=100\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}Connection: close\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}Connection: Keep-Alive, Close\r\n\r\n",
        "GET /v1/x HTTP/1.1\r\n{H}Accept: a\r\nAccept: b\r\nAccept: c\r\n\r\n",
        "GET /v1/x HTTP/1.0\r\n{H}\r\n",
        "GET /v1/x HTTP/1.0\r\n{H}Connection: keep-alive\r\n\r\n",
        "POST /v1/x HTTP/1.0\r\n{H}Content-Length: 5\r\n\r\nhello",
    ]
    .into_iter()
    .map(|template| Case::good(1, template))
    .collect();
    let get = "GET /v1/x HTTP/1.1\r\n{H}\r\n";
    let post = "POST /v1/x HTTP/1.1\r\n{H}Content-Length: 5\r\n\r\nhello";
    let chunked = "POST /v1/x HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n";
    for (count, template) in [
        (2, get.repeat(2)),
        (20, get.repeat(20)),
        (2, post.repeat(2)),
        (3, format!("{post}\r\n{get}\r\n{chunked}")),
        (6, format!("{get}{chunked}{post}").repeat(2)),
        (10, chunked.repeat(10)),
        (1, format!("GET /v1/x HTTP/1.1\r\n{{H}}{}\r\n", "X: y\r\n".repeat(98))),
        (
            1,
            format!("GET /v1/x HTTP/1.1\r\n{{H}}X: {}\r\n\r\n", "y".repeat(31 * 1024)),
        ),
        (
            1,
            format!(
                "POST /v1/x HTTP/1.1\r\n{{H}}Content-Length: {}\r\n\r\n{SMUGGLED}",
                SMUGGLED.len()
            ),
        ),
        (
            1,
            format!(
                "POST /v1/x HTTP/1.1\r\n{{H}}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n",
                SMUGGLED.len()
            ),
        ),
        (
            1,
            format!(
                "POST /v1/x HTTP/1.1\r\n{{H}}Content-Length: 200000\r\n\r\n{}",
                "z".repeat(200_000)
            ),
        ),
    ] {
        cases.push(Case::good(count, template));
    }
    cases
}
