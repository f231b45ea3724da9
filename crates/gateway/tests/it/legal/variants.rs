//! Spellings that RFC 9110 and 9112 allow and that somebody sends.

use super::request::{Framing, Request};

const PLAIN_CHUNKS: Framing = Framing::Chunks {
    size: 4096,
    extension: "",
    trailers: "",
};

/// All of them, for the proxy on `port`.
pub fn all(port: u16) -> Vec<Request> {
    [hosts(port), targets(port), methods(), fields(), credentials(), bodies()].concat()
}

fn hosts(port: u16) -> Vec<Request> {
    let hosts = ["127.0.0.1", "localhost", "LOCALHOST", "LocalHost", "[::1]"].map(|name| format!("{name}:{port}"));
    let mut requests: Vec<Request> = hosts
        .iter()
        .map(|host| Request::plain("a name of ours").with("Host", host))
        .collect();
    requests.push(Request::plain("spaces around a value").with("Host", format!("  127.0.0.1:{port} \t")));
    requests.push(Request::plain("a field's name in any case").with("hOST", format!("127.0.0.1:{port}")));
    for origin in [
        "https://www.coze.cn",
        "https://coze.cn",
        "https://www.coze.com",
        "https://coze.com",
    ] {
        requests.push(Request::plain("a listed page").with("Origin", origin));
    }
    for site in ["same-origin", "none"] {
        requests.push(Request::plain("a browser's own request").with("Sec-Fetch-Site", site));
    }
    requests.push(Request {
        version: "HTTP/1.0",
        ..Request::plain("an older version").with("Connection", "keep-alive")
    });
    requests
}

fn targets(port: u16) -> Vec<Request> {
    let targets = [
        "/v1/users/me?",
        "/v1/users/me?a",
        "/v1/users/me?a=",
        "/v1/users/me?=b",
        "/v1/users/me?a=b&a=c&a=b",
        "/v1/users/me?a=b&&c=d&",
        "/v1/users/me?a=b;c=d",
        "/v1/users/me?a=b+c%20d",
        "/v1/users/me?a%5B%5D=1&b[0]=2",
        "/v1/users/me?q=%E4%BD%A0%E5%A5%BD",
        "/v1/users/me?q=%e4%bd%a0",
        "/v1/users/me?q=100%25&r=%",
        "/v1/users/me?next=/v1/../api",
        "/v1/users/me?url=https%3A%2F%2Fexample.com%2F%3Fa%3Db",
        "/v1/users/me?base_url=https://example.com/",
        "/v1/users/me?q=%00%0D%0A",
        "/v1/users/me?q='()*!~_-.@:$,/",
        "/v1/users/me?q={}|^`",
        "/v1/users/me?a=??b",
        "/v1/a..b",
        "/v1/...",
        "/v1/..a",
        "/v1/.well-known",
        "/v1/a.",
        "/v1/%E4%BD%A0",
        "/v1/a%20b",
        "/v1/a%2Fb",
        "/v1/a;b=c",
        "/v1/a:b@c",
        "/v1/~me",
        "/v1/a//b",
        "/v1/a/",
        "/v1/a,b,c",
        "/v1/a=b",
        "/v1/(a)'b'!*",
        "/v1/apps/7/files/a.b.c",
        "/v3/chat/message/list?conversation_id=7&chat_id=7",
        "/open_api/v2/chat",
        "/open_api/knowledge/document/list",
    ];
    let mut requests: Vec<Request> = targets
        .iter()
        .map(|target| Request::plain("a target").to("GET", *target))
        .collect();
    requests.push(Request::plain("a long query").to("GET", format!("/v1/users/me?q={}", "x".repeat(6_000))));
    for (target, arrives_as) in [
        (format!("http://127.0.0.1:{port}/v1/users/me?a=b"), "/v1/users/me?a=b"),
        (format!("HTTP://localhost:{port}/v1/users/me"), "/v1/users/me"),
        // A base that ends in a slash, as `@coze/api` joins it (protocol 1.2).
        ("//v3/chat".to_owned(), "/v3/chat"),
    ] {
        let mut request = Request::plain("another form of the same").to("GET", target);
        request.arrives_as = Some(arrives_as.to_owned());
        requests.push(request);
    }
    requests
}

fn methods() -> Vec<Request> {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .flat_map(|method| {
            let request = Request::plain("a method").to(method, "/v1/conversations/7");
            let mut requests = vec![request.clone()];
            if method != "HEAD" {
                requests.push(request.carrying("{\"name\":\"x\"}", Framing::Length));
            }
            requests
        })
        .collect()
}

fn fields() -> Vec<Request> {
    let plain = || Request::plain("a field");
    let mut requests = vec![
        plain().with("X-Empty", ""),
        plain().with("X-Spaces", "a  b\tc"),
        plain().with("X-Text", "\u{4f60}\u{597d}"),
        plain().with("X-Latin", b"caf\xe9"),
        plain().with("X-Long", "x".repeat(8_000)),
        plain().with("X-Twice", "a").with("X-Twice", "b").with("X-Twice", "a"),
        plain().with("X-Quoted", "a=\"b, c\"; d"),
        plain().with("X_Underscore", "1"),
        plain().with("!#$%&'*+-.^_`|~", "a token's letters (RFC 9110 5.6.2)"),
        plain().with("X-Tt-Logid", "20260101000000000000"),
        plain().with("X-TT-ENV", "ppe_x"),
        plain().with("Agw-Js-Conv", "str"),
        plain().with("Accept", "text/event-stream"),
        plain().with("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8"),
        plain().with("Accept-Encoding", "gzip, deflate, br, zstd"),
        plain().with("Cache-Control", "no-cache").with("Pragma", "no-cache"),
        plain().with("DNT", "1").with("Sec-GPC", "1"),
        plain().with("Priority", "u=1, i"),
        plain().with("If-None-Match", "W/\"x\""),
        plain().with("Range", "bytes=0-"),
        plain().with("Idempotency-Key", "7"),
        plain().with("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        plain().with("Connection", "keep-alive"),
        plain().with("Connection", "Keep-Alive, TE").with("TE", "trailers"),
        plain().with("Cookie", "a=b; c=d"),
        plain().with("Referer", "http://127.0.0.1/chat"),
        plain().with("Forwarded", "for=127.0.0.1"),
        plain().with("Via", "1.1 x"),
        plain().with("Content-Type", "application/json"),
    ];
    let mut many = plain();
    for number in 0..80 {
        many = many.with(&format!("X-Number-{number}"), number.to_string());
    }
    requests.push(many);
    requests
}

fn credentials() -> Vec<Request> {
    let schemes = ["Bearer {credential}", "bearer {credential}", "BEARER  {credential}"];
    // In local mode a program's own token of the platform passes as it is.
    let own = ["pat_", "sat_", "czs_", "czu_"].map(|kind| format!("Bearer {kind}not-a-real-token"));
    let schemes = schemes.map(str::to_owned);
    let values = schemes.into_iter().chain(own);
    values
        .map(|value| Request::plain("a credential").with("Authorization", value))
        .collect()
}

fn bodies() -> Vec<Request> {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let bodies: [(&str, Vec<u8>); 10] = [
        ("one byte", b"x".to_vec()),
        (
            "JSON",
            b"{\"additional_messages\":[{\"content\":\"\xe4\xbd\xa0\"}],\"stream\":false}".to_vec(),
        ),
        ("JSON with a mark before it", b"\xef\xbb\xbf{}".to_vec()),
        ("every byte there is", every_byte.repeat(3)),
        ("what looks like the end of a chunked body", b"0\r\n\r\n".repeat(4)),
        (
            "what looks like another request",
            b"GET /v1/x HTTP/1.1\r\nHost: evil\r\n\r\n".to_vec(),
        ),
        ("almost what is kept", vec![b'x'; 64 * 1024 - 1]),
        ("just what is kept", vec![b'x'; 64 * 1024]),
        ("more than is kept", every_byte.repeat(257)),
        ("a file", every_byte.repeat(4 * 1024)),
    ];
    let mut requests = vec![
        Request::plain("an empty body").to("POST", "/v1/conversations/7/clear"),
        Request::plain("an empty body")
            .to("POST", "/v1/conversations/7/clear")
            .carrying("", Framing::Length),
        Request::plain("an empty body")
            .to("POST", "/v1/conversations/7/clear")
            .carrying("", PLAIN_CHUNKS),
    ];
    for (name, body) in bodies {
        let post = Request::plain(name).to("POST", "/v1/files/upload");
        requests.push(post.clone().carrying(body.clone(), Framing::Length));
        requests.push(post.clone().carrying(body.clone(), PLAIN_CHUNKS));
        let awaited = post.clone().with("Expect", "100-continue");
        requests.push(awaited.carrying(body.clone(), Framing::Length));
        if body.len() < 4096 {
            for (size, extension, trailers) in [
                (1, "", ""),
                (7, ";a=b", ""),
                (16, ";a=\"b;c\"", ""),
                (255, "", "X-Trailer: 1\r\n"),
            ] {
                let framing = Framing::Chunks {
                    size,
                    extension,
                    trailers,
                };
                requests.push(post.clone().carrying(body.clone(), framing));
            }
        }
    }
    requests
}
