//! The requests, as data. `{H}` stands for a right `Host` and credential, `{HOST}` for the authority alone, `{F}` for fields
//! that claim to be somebody; `\r\n` is written out, since line ends are the matter.

mod bodies;
mod heads;

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
    bodies::bad(&mut cases);
    heads::bad(&mut cases);
    cases
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
