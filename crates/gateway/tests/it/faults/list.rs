//! The faults that can happen to every kind of request, each with the name that it has in
//! docs/reference/upstream-faults.md.

use coze_auth::{Clock as _, SystemClock};

use super::fault::{Act, Fault, Healthy, Kind, OK, Script, Step, token};

const JSON: &str = "application/json";

/// Those that end by themselves.
pub fn quick() -> Vec<Fault> {
    let mut faults = connections();
    faults.extend(cut(&Step::Close, &CLOSES));
    faults.extend(cut(&Step::Reset, &RESETS));
    faults.extend(no_http());
    faults.extend(statuses());
    faults.extend(heads());
    faults.extend(lengths());
    faults.extend(chunks());
    faults.extend(bodies());
    faults.extend(codes());
    faults.extend(busy());
    faults.extend(tokens());
    faults
}

/// Those that end only because we stop waiting.
pub fn hanging() -> Vec<Fault> {
    let mut faults = vec![
        Fault::new("hangs at once", Act::OnAccept(vec![Step::Hang])),
        Fault::new("hangs in the TLS handshake", Act::OnAccept(vec![Step::Hang])).over_tls(),
        Fault::always(
            "100 Continue, and nothing more",
            vec![Step::Send(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()), Step::Hang],
            None,
        ),
    ];
    faults.extend(cut(&Step::Hang, &HANGS));
    faults
}

const CLOSES: [&str; 7] = [
    "closes before the head",
    "closes within the status line",
    "closes within the head",
    "closes behind the head",
    "closes between two events",
    "closes within an event",
    "closes before the last byte or chunk",
];
const RESETS: [&str; 7] = [
    "resets before the head",
    "resets within the status line",
    "resets within the head",
    "resets behind the head",
    "resets between two events",
    "resets within an event",
    "resets before the last byte or chunk",
];
const HANGS: [&str; 7] = [
    "hangs before the head",
    "hangs within the status line",
    "hangs within the head",
    "hangs behind the head",
    "hangs between two events",
    "hangs within an event",
    "hangs before the last byte or chunk",
];

/// The healthy answer up to each point, and then this.
fn cut(how: &Step, names: &[&'static str; 7]) -> Vec<Fault> {
    let faults = names.iter().enumerate().map(|(point, name)| {
        let how = how.clone();
        Fault::by_kind(name, move |kind| {
            let healthy = Healthy::of(kind);
            let (_, at) = healthy.cuts()[point];
            let bytes = healthy.with("")[..at].to_vec();
            Script {
                steps: vec![Step::Send(bytes), how.clone()],
                // What may be seen of it.
                meant: Some(healthy.means()),
            }
        })
    });
    faults.collect()
}

fn connections() -> Vec<Fault> {
    let plain_answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec();
    vec![
        Fault::adding("(none: a healthy platform)", ""),
        Fault::by_kind("sends one byte at a time", |kind| {
            let healthy = Healthy::of(kind);
            Script {
                steps: healthy
                    .with("")
                    .into_iter()
                    .map(|byte| Step::Send(vec![byte]))
                    .collect(),
                meant: Some(healthy.means()),
            }
        }),
        Fault::new("refuses the connection", Act::Refuse),
        Fault::new("closes at once", Act::OnAccept(vec![Step::Close])),
        Fault::new("resets at once", Act::OnAccept(vec![Step::Reset])),
        Fault::new(
            "speaks plain HTTP where TLS is configured",
            Act::OnAccept(vec![Step::Send(plain_answer), Step::Close]),
        )
        .over_tls(),
        Fault::new("closes in the TLS handshake", Act::OnAccept(vec![Step::Close])).over_tls(),
    ]
}

/// Words of another protocol.
fn no_http() -> Vec<Fault> {
    let says = |name, bytes: &[u8]| Fault::always(name, vec![Step::Send(bytes.to_vec()), Step::Close], None);
    vec![
        says(
            "speaks TLS where plain HTTP is configured",
            b"\x15\x03\x01\x00\x02\x02\x46",
        ),
        says("speaks HTTP/0.9", b"<html>hello</html>\n"),
        says("speaks SSH", b"SSH-2.0-OpenSSH_9.9\r\n"),
        says("sends noise", b"\x00\xff\x7f\x80\r\n\r\n\x01\x02"),
        says("sends an empty line and closes", b"\r\n\r\n"),
    ]
}

fn statuses() -> Vec<Fault> {
    let broken = |name, status_line| {
        Fault::by_kind(name, move |kind| Script {
            steps: vec![
                Step::Send(Healthy::over_http(kind).with_head(status_line, "")),
                Step::Close,
            ],
            meant: None,
        })
    };
    let interim = |name, interim: String| {
        Fault::by_kind(name, move |kind| {
            let healthy = Healthy::of(kind);
            Script {
                steps: vec![Step::Send([interim.as_bytes(), &healthy.with("")].concat())],
                meant: Some(healthy.means()),
            }
        })
    };
    vec![
        broken("status abc", "HTTP/1.1 abc OK"),
        broken("status 20", "HTTP/1.1 20 OK"),
        broken("status 000", "HTTP/1.1 000 OK"),
        broken("status 2000", "HTTP/1.1 2000 OK"),
        broken("version HTTP/9.9", "HTTP/9.9 200 OK"),
        broken(
            "status 101, unasked for",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade",
        ),
        broken("status 199 as the last word", "HTTP/1.1 199 Odd"),
        Fault::answering("status 999", "HTTP/1.1 999 Odd"),
        Fault::answering("status 599", "HTTP/1.1 599 Odd"),
        interim(
            "100 Continue before the answer",
            "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
        ),
        interim(
            "100 Continue a hundred times",
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(100),
        ),
        interim(
            "103 Early Hints before the answer",
            "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n".to_owned(),
        ),
        Fault::always(
            "204 with a body",
            vec![Step::Send(
                b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
            )],
            Some((204, Vec::new())),
        ),
        Fault::always(
            "304 nobody asked for",
            vec![Step::Send(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec())],
            Some((304, Vec::new())),
        ),
        Fault::saying("a redirect to another host", 302, "text/html", "moved"),
        Fault::always(
            "307 to another host",
            vec![Step::Send(
                b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n".to_vec(),
            )],
            Some((307, Vec::new())),
        ),
    ]
}

fn heads() -> Vec<Fault> {
    let broken = |name, fields: String| {
        Fault::by_kind(name, move |kind| Script {
            steps: vec![Step::Send(Healthy::of(kind).with(&fields)), Step::Close],
            meant: None,
        })
    };
    vec![
        broken("a field of a megabyte", format!("X-Huge: {}\r\n", "x".repeat(1 << 20))),
        broken(
            "ten thousand fields",
            (0..10_000)
                .map(|n| format!("X-{n}: 1\r\n"))
                .collect::<Vec<_>>()
                .concat(),
        ),
        broken("NUL in a field", "X-Odd: a\0b\r\n".to_owned()),
        broken("a bare CR in a field", "X-Odd: a\rb\r\n".to_owned()),
        broken("a field without a name", ": x\r\n".to_owned()),
        broken("a field's name with a space", "X Odd: x\r\n".to_owned()),
        broken("a line that is no field", "odd\r\n".to_owned()),
        Fault::adding(
            "cookies and permissions of its own",
            "Set-Cookie: a=b\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n",
        ),
        Fault::adding(
            "fields of its own hop",
            "Connection: x-odd\r\nX-Odd: 1\r\nKeep-Alive: timeout=1\r\nTrailer: x\r\nProxy-Authenticate: Basic\r\n",
        ),
    ]
}

fn media_type(kind: Kind) -> &'static str {
    if kind == Kind::Stream {
        "text/event-stream"
    } else {
        JSON
    }
}

/// The healthy body under another frame.
fn framed(name: &'static str, frame: &'static str, is_meant: bool) -> Fault {
    Fault::by_kind(name, move |kind| {
        let healthy = Healthy::over_http(kind);
        let media_type = media_type(kind);
        let frame = frame.replace("{n}", &healthy.meant.len().to_string());
        let head = format!("{OK}\r\nContent-Type: {media_type}\r\n{frame}\r\n");
        Script {
            steps: vec![Step::Send([head.as_bytes(), &healthy.meant].concat()), Step::Close],
            meant: is_meant.then_some((200, healthy.meant)),
        }
    })
}

fn lengths() -> Vec<Fault> {
    vec![
        framed("no length: ends with the connection", "", true),
        framed(
            "the same length twice",
            "Content-Length: {n}\r\nContent-Length: {n}\r\n",
            true,
        ),
        framed("two lengths", "Content-Length: {n}\r\nContent-Length: 3\r\n", false),
        framed("a list of lengths", "Content-Length: {n}, 3\r\n", false),
        framed("a negative length", "Content-Length: -1\r\n", false),
        framed("a length with a sign", "Content-Length: +{n}\r\n", false),
        framed(
            "a length beyond 64 bits",
            "Content-Length: 99999999999999999999999\r\n",
            false,
        ),
        framed(
            "a gigabyte announced, a few bytes sent",
            "Content-Length: 1073741824\r\n",
            false,
        ),
        framed(
            "length and chunks",
            "Content-Length: {n}\r\nTransfer-Encoding: chunked\r\n",
            false,
        ),
        framed(
            "chunks before another coding",
            "Transfer-Encoding: chunked, gzip\r\n",
            false,
        ),
        framed("an unknown coding", "Transfer-Encoding: odd\r\n", false),
        framed(
            "a second field of codings",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
            false,
        ),
        Fault::by_kind("good chunks and a length", |kind| {
            let healthy = Healthy::of(Kind::Stream);
            let media_type = media_type(kind);
            let head = format!(
                "{OK}\r\nContent-Type: {media_type}\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
            );
            Script {
                steps: vec![Step::Send([head.as_bytes(), &healthy.body].concat())],
                meant: None,
            }
        }),
    ]
}

fn chunks() -> Vec<Fault> {
    let chunked = |name, body: &'static str| {
        Fault::by_kind(name, move |kind| {
            let media_type = media_type(kind);
            let head = format!("{OK}\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
            Script {
                steps: vec![Step::Send(head.into_bytes()), Step::Close],
                meant: None,
            }
        })
    };
    vec![
        chunked("a chunk size that is no number", "zz\r\nhello\r\n0\r\n\r\n"),
        chunked(
            "a chunk size beyond 64 bits",
            "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        ),
        chunked("a negative chunk size", "-5\r\nhello\r\n0\r\n\r\n"),
        chunked("a chunk that is longer than it says", "2\r\nhello\r\n0\r\n\r\n"),
        chunked("a chunk that is shorter than it says", "9\r\nhello\r\n0\r\n\r\n"),
    ]
}

fn bodies() -> Vec<Fault> {
    let deep = format!("{}\"code\":4100{}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
    let endless = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".to_vec();
    let piece = vec![b' '; 16 * 1024];
    vec![
        Fault::saying("an error page with 200", 200, "text/html", "<html>please log in</html>"),
        Fault::saying("an error page with 502", 502, "text/html", "<html>bad gateway</html>"),
        Fault::saying("JSON of another type", 200, "text/plain", healthy_text()),
        Fault::saying("no type", 200, "", healthy_text()),
        Fault::saying("an empty body", 200, JSON, ""),
        Fault::saying(
            "JSON with a mark before it",
            200,
            JSON,
            format!("\u{feff}{}", healthy_text()),
        ),
        Fault::saying(
            "JSON with something behind it",
            200,
            JSON,
            format!("{} x", healthy_text()),
        ),
        Fault::saying("JSON that is no object", 200, JSON, "[1]"),
        Fault::saying("JSON that breaks off", 200, JSON, "{\"code\":0,\"acc"),
        Fault::saying(
            "JSON with members twice",
            200,
            JSON,
            format!(
                "{{\"code\":0,\"code\":0,\"access_token\":\"x\",{}",
                &healthy_text()[1..]
            ),
        ),
        Fault::saying("JSON of great depth", 200, JSON, deep),
        Fault::saying("text that is no UTF-8", 200, JSON, b"{\"msg\":\"\xff\xfe\"}".to_vec()),
        Fault::by_kind("a body without an end", move |_| Script {
            steps: vec![
                Step::Send(endless.clone()),
                Step::Repeat(piece.clone(), 128),
                Step::Close,
            ],
            meant: Some((200, piece.repeat(128))),
        }),
        Fault::by_kind("a compressed body that is a bomb", |_| {
            let bomb = include_bytes!("bomb.gz").to_vec();
            let head = format!(
                "{OK}\r\nContent-Type: {JSON}\r\nContent-Encoding: gzip, gzip\r\nContent-Length: {}\r\n\r\n",
                bomb.len()
            );
            Script {
                steps: vec![Step::Send([head.as_bytes(), &bomb].concat())],
                meant: Some((200, bomb)),
            }
        }),
    ]
}

/// A token answer that a call may have as well.
fn healthy_text() -> String {
    String::from_utf8(Healthy::of(Kind::Token).meant).unwrap()
}

/// `code != 0` with 200 (protocol 4.4), and the statuses of the gateway before the API.
fn codes() -> Vec<Fault> {
    let error = |name, status, code: u32, msg: &str| {
        Fault::saying(name, status, JSON, format!("{{\"code\":{code},\"msg\":\"{msg}\"}}"))
    };
    vec![
        error("code 4000 with 200", 200, 4000, "Invalid request parameters"),
        error("code 4100 with 200", 200, 4100, "authentication is invalid"),
        error(
            "code 4101 with 200",
            200,
            4101,
            "The token you entered is incorrect. Please double-check",
        ),
        error(
            "code 4200 with 200",
            200,
            4200,
            "Requested resource bot_id=1 does not exist.",
        ),
        error("code 4013 with 200", 200, 4013, "The rate limit is reached"),
        error("code 5000 with 200", 200, 5000, "An internal error"),
        error("code 700012006 with 401", 401, 700_012_006, "access token invalid"),
        Fault::saying("401 without a word", 401, "text/plain", ""),
        Fault::saying("403 without a word", 403, "text/plain", ""),
        Fault::saying(
            "invalid_client with 401",
            401,
            JSON,
            r#"{"error_code":"invalid_client","error_message":"invalid client: 1"}"#,
        ),
        Fault::saying("500 without a word", 500, "text/plain", ""),
        Fault::saying("503 in JSON", 503, JSON, r#"{"msg":"busy"}"#),
    ]
}

/// Those that ask us to wait.
fn busy() -> Vec<Fault> {
    let busy = |name, fields: &str| {
        let head = format!("HTTP/1.1 429 Too Many Requests\r\n{fields}Content-Length: 4\r\n\r\nbusy");
        Fault::always(name, vec![Step::Send(head.into_bytes())], Some((429, b"busy".to_vec())))
    };
    vec![
        busy("429 without Retry-After", ""),
        busy(
            "429 with a date as Retry-After",
            "Retry-After: Wed, 21 Oct 2065 07:28:00 GMT\r\n",
        ),
        busy("429 with a negative Retry-After", "Retry-After: -1\r\n"),
        busy(
            "429 with an absurd Retry-After",
            "Retry-After: 18446744073709551615\r\n",
        ),
        busy("429 with two Retry-After", "Retry-After: 1\r\nRetry-After: soon\r\n"),
    ]
}

/// Token answers. To everything else they are JSON like any other.
fn tokens() -> Vec<Fault> {
    let soon = SystemClock.now().0 + 900;
    let token_with = |name, rest: &str| {
        let text = format!("{{\"access_token\":\"{}\"{rest}}}", token("t"));
        Fault::saying(name, 200, JSON, text)
    };
    let token_of = |name, access_token: &str| {
        let text = format!("{{\"access_token\":{access_token},\"expires_in\":900}}");
        Fault::saying(name, 200, JSON, text)
    };
    vec![
        token_with("a token without an end", ""),
        token_with("expires_in as an instant", &format!(",\"expires_in\":{soon}")),
        token_with("expires_in in a string", ",\"expires_in\":\"900\""),
        token_with("expires_in 0", ",\"expires_in\":0"),
        token_with("expires_in -1", ",\"expires_in\":-1"),
        token_with("expires_in 2^63", ",\"expires_in\":9223372036854775808"),
        token_with("expires_in 1e400", ",\"expires_in\":1e400"),
        token_with("expires_in with a fraction", ",\"expires_in\":900.5"),
        token_with("expires_in in words", ",\"expires_in\":\"soon\""),
        token_with("token_type mac", ",\"expires_in\":900,\"token_type\":\"mac\""),
        token_of("an empty token", "\"\""),
        token_of("a token that is null", "null"),
        token_of("a token that is a number", "7"),
        token_of("a token with CR LF", "\"czs_a\\r\\nX-Injected: 1\""),
        token_of("a token with NUL", "\"czs_a\\u0000\""),
        token_of("a token that is no ASCII", "\"czs_\u{4f60}\""),
    ]
}
