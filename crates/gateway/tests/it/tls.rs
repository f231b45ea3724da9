//! HTTPS with a certificate of one's own: HTTP/1.1 and HTTP/2, through the same guard.

use crate::world::person::{Decision, Person, target};
use crate::world::{RecordingUpstream, SITE, World};
use bytes::Bytes;
use coze_auth::ChallengeMethod;
use coze_emulator::{AppKind, Emulator};
use cozegate_config::{
    AllowedBots, AppConfig, Credentials, MAIN_SITE, Mode, PublicUrls, SiteConfig, TlsConfig, TlsFault,
};
use http::{Method, Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub struct Issued {
    pub certificate: CertificateDer<'static>,
    pub config: TlsConfig,
}

/// A certificate for `localhost`, signed by itself.
pub fn issue() -> Issued {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let pem = cert.pem();
    Issued {
        certificate: cert.der().clone(),
        config: TlsConfig::of_pem(pem.as_bytes(), signing_key.serialize_pem().as_bytes()).unwrap(),
    }
}

async fn world(upstream: &RecordingUpstream, issued: &Issued) -> World {
    World::with_upstream_and(&upstream.api_base(), |config| {
        config.server.workers = 1.try_into().ok();
        config.server.tls = Some(issued.config.clone());
    })
    .await
}

/// For a client that trusts `certificate` and offers `protocol`.
pub fn client_config(certificate: &CertificateDer<'static>, protocol: &str) -> Arc<rustls::ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.into()];
    Arc::new(config)
}

async fn connect(
    addr: SocketAddr,
    certificate: &CertificateDer<'static>,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(client_config(certificate, protocol))
        .connect(name, tcp)
        .await
}

type Answer = (Response<()>, String);

/// Sends one request over the protocol that was offered.
async fn ask(addr: SocketAddr, issued: &Issued, protocol: &str, request: Request<Full<Bytes>>) -> Answer {
    let stream = connect(addr, &issued.certificate, protocol).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
    let io = TokioIo::new(stream);
    #[expect(clippy::disallowed_methods, reason = "they end with the test's runtime")]
    let answer: Response<Incoming> = if protocol == "h2" {
        let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
            .await
            .unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    };
    let (head, body) = answer.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (Response::from_parts(head, ()), text)
}

/// A request as each protocol wants it: HTTP/2 names the host in the target, HTTP/1.1 in a field.
fn request(
    addr: SocketAddr,
    protocol: &str,
    method: &Method,
    path: &str,
    fields: &[(&str, &str)],
    body: &str,
) -> Request<Full<Bytes>> {
    let host = format!("localhost:{}", addr.port());
    let mut request = Request::builder().method(method.clone());
    request = if protocol == "h2" {
        request.version(Version::HTTP_2).uri(format!("https://{host}{path}"))
    } else {
        request.uri(path).header("host", &host)
    };
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap()
}

#[tokio::test]
async fn public_mode_speaks_https_itself_where_it_has_a_certificate() {
    let upstream = RecordingUpstream::start().await;
    let issued = issue();
    let world = World::with_upstream_and(&upstream.api_base(), |config| {
        config.mode = Mode::Public;
        config.server.tls = Some(issued.config.clone());
        config.server.public = Some(PublicUrls {
            proxy: "https://chat.example:8443".parse().unwrap(),
            auth: "https://chat.example".parse().unwrap(),
        });
        let origins = vec![SITE.parse().unwrap()];
        let site = SiteConfig::new(MAIN_SITE, "main", origins, AllowedBots::Any);
        config.sites.insert(MAIN_SITE.to_owned(), site);
    })
    .await;

    for protocol in ["http/1.1", "h2"] {
        let fields = [("origin", SITE)];
        let request = request(world.auth, protocol, &Method::POST, "/auth/session", &fields, "");
        let (head, text) = ask(world.auth, &issued, protocol, request).await;

        assert_eq!(head.status(), 200, "{text}");
        let session: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(session["api_base"], "https://chat.example:8443");
        assert_eq!(session["ws_base"], "wss://chat.example:8443");
        let cookie = head.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("__Host-cozegate_visitor_"), "{cookie}");
        // The certificate is ours, so the rest of the year is HTTPS.
        assert_eq!(head.headers()["strict-transport-security"], "max-age=31536000");
        let about = Request::builder().uri("/").header("host", "chat.example:8443");
        let about = if protocol == "h2" {
            Request::builder()
                .version(Version::HTTP_2)
                .uri("https://chat.example:8443/")
        } else {
            about
        };
        let (head, _) = ask(world.proxy, &issued, protocol, about.body(Full::default()).unwrap()).await;
        assert_eq!(head.status(), 200);
        assert_eq!(head.headers()["strict-transport-security"], "max-age=31536000");
        assert_eq!(head.headers()["x-content-type-options"], "nosniff");
        assert!(head.headers().contains_key("content-security-policy"));
    }
    world.stop().await;
}

#[tokio::test]
async fn sessions_streams_and_preflights_over_both_protocols() {
    let mut upstream = RecordingUpstream::start().await;
    let issued = issue();
    let world = world(&upstream, &issued).await;
    for protocol in ["http/1.1", "h2"] {
        let ask = |addr, method: Method, path: &'static str, fields: Vec<(String, String)>, body: &'static str| {
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let request = request(addr, protocol, &method, path, &fields, body);
            ask(addr, &issued, protocol, request)
        };
        let (head, text) = ask(world.auth, Method::POST, "/auth/session", vec![], "").await;
        assert_eq!(head.status(), 200, "{text}");
        let session: serde_json::Value = serde_json::from_str(&text).unwrap();
        let port = world.proxy.port();
        assert_eq!(session["api_base"], format!("https://localhost:{port}"));
        assert_eq!(session["ws_base"], format!("wss://localhost:{port}"));
        let bearer = format!("Bearer {}", session["handle"].as_str().unwrap());

        upstream.answer("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n8\r\ndata:1\n\n\r\n8\r\ndata:2\n\n\r\n0\r\nT: x\r\n\r\n");
        let fields = vec![("authorization".to_owned(), bearer)];
        let (head, text) = ask(world.proxy, Method::POST, "/v3/chat", fields, "{}").await;
        assert_eq!((head.status().as_u16(), text.as_str()), (200, "data:1\n\ndata:2\n\n"));
        assert_eq!(head.headers()["content-type"], "text/event-stream");
        let arrived = upstream.request().await;
        assert!(
            arrived.starts_with("POST /v3/chat HTTP/1.1\r\n") && arrived.ends_with("{}"),
            "{arrived}"
        );
        assert!(!arrived.contains("localhost"), "{arrived}");

        let own = format!("https://localhost:{}", world.auth.port());
        let fields = vec![
            ("origin".to_owned(), own.clone()),
            ("access-control-request-method".to_owned(), "POST".to_owned()),
        ];
        let (head, _) = ask(world.proxy, Method::OPTIONS, "/v3/chat", fields, "").await;
        assert_eq!(head.status(), 204);
        assert_eq!(head.headers()["access-control-allow-origin"], own.as_str());
        // The same page in clear is another origin.
        let fields = vec![("origin".to_owned(), own.replace("https", "http"))];
        let (head, _) = ask(world.proxy, Method::GET, "/v1/users/me", fields, "").await;
        assert_eq!(head.status(), 403);
    }
    world.stop().await;
}

#[tokio::test]
async fn http_2_is_as_strict_about_heads_as_http_1() {
    let mut upstream = RecordingUpstream::start().await;
    let issued = issue();
    let world = world(&upstream, &issued).await;
    let own = format!("localhost:{}", world.proxy.port());
    let request = |scheme: &str, fields: usize| {
        let mut request = Request::builder()
            .uri(format!("{scheme}://{own}/"))
            .version(Version::HTTP_2);
        for number in 0..fields {
            request = request.header(format!("x-{number}"), "y");
        }
        request.body(Full::default()).unwrap()
    };
    let mut statuses = Vec::new();
    for (scheme, fields) in [("https", 101), ("https", 700), ("http", 0), ("https", 90)] {
        let (head, _) = ask(world.proxy, &issued, "h2", request(scheme, fields)).await;
        statuses.push(head.status().as_u16());
    }
    println!(
        "heads over HTTP/2: bad tried 3 / let through {}; good tried 1 / refused {}",
        statuses[..3].iter().filter(|status| **status < 400).count(),
        u8::from(statuses[3] != 200)
    );
    assert_eq!(statuses, [431, 431, 400, 200]);
    assert!(upstream.is_untouched());
    world.stop().await;
}

#[tokio::test]
async fn both_names_of_an_http_2_request_have_to_be_ours() {
    let mut upstream = RecordingUpstream::start().await;
    let issued = issue();
    let world = world(&upstream, &issued).await;
    let own = format!("localhost:{}", world.proxy.port());
    let cases = [
        ("evil.example".to_owned(), None),
        (format!("evil.example:{}", world.proxy.port()), Some(own.clone())),
        (own.clone(), Some("evil.example".to_owned())),
        ("localhost".to_owned(), None),
    ];
    let mut let_through = 0;
    for (authority, host) in &cases {
        let mut request = Request::builder()
            .uri(format!("https://{authority}/"))
            .version(Version::HTTP_2);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let (head, _) = ask(world.proxy, &issued, "h2", request.body(Full::default()).unwrap()).await;
        let_through += usize::from(head.status() != 403);
    }
    println!(
        "names over HTTP/2: bad tried {} / let through {let_through}",
        cases.len()
    );
    assert_eq!(let_through, 0);
    let request = request(world.proxy, "h2", &Method::GET, "/", &[("host", &own)], "");
    assert_eq!(ask(world.proxy, &issued, "h2", request).await.0.status(), 200);
    assert!(upstream.is_untouched());
    world.stop().await;
}

/// In front of the emulator, with an app in which people log in, whose `redirect_uri` is an `https://` one.
async fn world_with_logins(issued: &Issued) -> (World, Emulator) {
    let (mut world, emulator) =
        World::with_emulator_and(|config| config.server.tls = Some(issued.config.clone())).await;
    let apps = emulator.apps().list();
    let registered = apps.iter().find(|app| app.kind == AppKind::Pkce).unwrap();
    let redirect_uri = format!("https://localhost:{}/callback", world.auth.port());
    let uris = vec![redirect_uri.clone()];
    emulator.apps().set_redirect_uris(&registered.client_id, uris).unwrap();
    let people = AppConfig {
        name: "people".to_owned(),
        credentials: Credentials::Pkce {
            client_id: registered.client_id.clone(),
            redirect_uri: redirect_uri.parse().unwrap(),
            workspace_id: None,
            challenge_method: ChallengeMethod::S256,
        },
        ..world.config.apps["main"].clone()
    };
    world.config.apps.insert("people".to_owned(), people);
    world.gateway.apply(&world.config).unwrap();
    (world, emulator)
}

/// The cookie of an answer as (name, value), which over HTTPS belongs to the host alone.
fn own_cookie(head: &Response<()>) -> (String, String) {
    let mut cookies = head.headers().get_all("set-cookie").iter();
    let text = cookies.next().unwrap().to_str().unwrap();
    assert!(cookies.next().is_none(), "{head:?}");
    let (pair, attributes) = text.split_once("; ").unwrap();
    let attributes: Vec<&str> = attributes.split("; ").collect();
    assert!(
        attributes.contains(&"Secure") && attributes.contains(&"Path=/"),
        "{text}"
    );
    assert!(!text.to_ascii_lowercase().contains("domain"), "{text}");
    let (name, value) = pair.split_once('=').unwrap();
    let name = name.strip_prefix("__Host-").unwrap_or_else(|| panic!("{text}"));
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn cookies_over_https_are_the_hosts_own_and_a_plain_name_stands_for_none_of_them() {
    let issued = issue();
    let (world, _emulator) = world_with_logins(&issued).await;
    let get = |path: String, cookie: String| {
        let fields = [("cookie", cookie.as_str()), ("accept", "text/html")];
        let request = request(world.auth, "http/1.1", &Method::GET, &path, &fields, "");
        ask(world.auth, &issued, "http/1.1", request)
    };
    let session = |protocol: &'static str, cookie: String| {
        let fields = [("cookie", cookie.as_str())];
        let request = request(world.auth, protocol, &Method::POST, "/auth/session", &fields, "");
        let answer = Box::pin(ask(world.auth, &issued, protocol, request));
        async {
            let (head, text) = answer.await;
            let session: serde_json::Value = serde_json::from_str(&text).unwrap();
            (head, session["user"]["id"].as_str().unwrap().to_owned())
        }
    };
    // (what, whether the plain name was let through, whether ours was refused)
    let mut outcomes = vec![];

    for protocol in ["http/1.1", "h2"] {
        let (head, visitor) = session(protocol, String::new()).await;
        let (name, value) = own_cookie(&head);
        let (_, by_plain) = session(protocol, format!("{name}={value}")).await;
        let (_, by_own) = session(protocol, format!("{name}=x; __Host-{name}={value}")).await;
        outcomes.push((protocol, by_plain == visitor, by_own != visitor));
    }

    let (head, _) = get("/?lang=zh-CN".to_owned(), String::new()).await;
    let (name, value) = own_cookie(&head);
    let is_chinese = |text: &str| text.contains("<html lang=\"zh");
    let (_, by_plain) = get("/".to_owned(), format!("{name}={value}")).await;
    let (_, by_own) = get("/".to_owned(), format!("__Host-{name}={value}")).await;
    outcomes.push(("language", is_chinese(&by_plain), !is_chinese(&by_own)));

    let mut logins = vec![];
    for prefix in ["", "__Host-"] {
        let (begun, _) = get("/login?app=people&again=1".to_owned(), String::new()).await;
        assert_eq!(begun.status(), 302);
        let (name, value) = own_cookie(&begun);
        let consent = begun.headers()["location"].to_str().unwrap();
        let back = Person::default().decide(consent, Decision::Approve).await;
        let (head, _) = get(target(&back), format!("{prefix}{name}={value}")).await;
        logins.push(head.status().as_u16());
        if prefix.is_empty() {
            // What another browser does leaves the cookie of the login alone.
            assert!(!head.headers().contains_key("set-cookie"), "{head:?}");
        }
    }
    outcomes.push(("login", logins[0] != 403, logins[1] != 303));

    let (let_through, refused) = (
        outcomes.iter().filter(|outcome| outcome.1).count(),
        outcomes.iter().filter(|outcome| outcome.2).count(),
    );
    let count = outcomes.len();
    println!(
        "cookies over HTTPS: bad tried {count} / let through {let_through}; good tried {count} / refused {refused}"
    );
    assert_eq!((let_through, refused), (0, 0), "{outcomes:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_who_comes_next() {
    let upstream = RecordingUpstream::start().await;
    let (old, new) = (issue(), issue());
    let mut world = world(&upstream, &old).await;
    connect(world.proxy, &old.certificate, "h2").await.unwrap();

    world.config.server.tls = Some(new.config.clone());
    let fixed = world.gateway.apply(&world.config).unwrap();

    assert!(fixed.is_empty(), "{fixed:?}");
    connect(world.proxy, &new.certificate, "h2").await.unwrap();
    connect(world.auth, &new.certificate, "http/1.1").await.unwrap();
    assert!(connect(world.proxy, &old.certificate, "h2").await.is_err());
    world.stop().await;
}

#[tokio::test]
async fn refused_bodies_over_http_2_leave_their_connection_in_order() {
    let mut upstream = RecordingUpstream::start().await;
    let issued = issue();
    let world = world(&upstream, &issued).await;
    let stream = connect(world.proxy, &issued.certificate, "h2").await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(connection);
    let stranger = ("authorization", "Bearer something");
    // Together far more than the connection's window: what is not read of one is not owed by the next.
    let body = "x".repeat(1024 * 1024);
    for _ in 0..20 {
        let request = request(world.proxy, "h2", &Method::POST, "/v1/files/upload", &[stranger], &body);
        assert_eq!(sender.send_request(request).await.unwrap().status(), 401);
    }

    assert!(upstream.is_untouched());

    let own = format!("Bearer pat_{}", "a".repeat(64));
    let own = ("authorization", own.as_str());
    let request = request(world.proxy, "h2", &Method::POST, "/v1/files/upload", &[own], &body);
    let answer = tokio::time::timeout(Duration::from_secs(20), sender.send_request(request)).await;
    assert_eq!(answer.expect("it is served").unwrap().status(), 200);
    assert!(upstream.request().await.ends_with("xxx"));
    world.stop().await;
}

#[tokio::test]
async fn plain_http_on_the_port_of_https_gets_nothing() {
    let upstream = RecordingUpstream::start().await;
    let issued = issue();
    let world = world(&upstream, &issued).await;
    let mut stream = TcpStream::connect(world.proxy).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut answer = vec![];
    let _reset = stream.read_to_end(&mut answer).await;

    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    world.stop().await;
}

#[test]
fn what_is_no_certificate_with_its_key_is_named() {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (cert.pem(), signing_key.serialize_pem());
    let other = KeyPair::generate().unwrap().serialize_pem();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (certificate, key, at, fault) in [
        ("", key.as_str(), "tls_certificate_file", TlsFault::NoCertificate),
        (
            key.as_str(),
            key.as_str(),
            "tls_certificate_file",
            TlsFault::NoCertificate,
        ),
        (broken, key.as_str(), "tls_certificate_file", TlsFault::BadCertificate),
        (
            certificate.as_str(),
            certificate.as_str(),
            "tls_key_file",
            TlsFault::NoKey,
        ),
        (certificate.as_str(), "", "tls_key_file", TlsFault::NoKey),
        (certificate.as_str(), other.as_str(), "tls_key_file", TlsFault::OtherKey),
    ] {
        assert_eq!(
            TlsConfig::of_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err(),
            (at, fault)
        );
    }
}
