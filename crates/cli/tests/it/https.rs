//! With a certificate everything that is said and asked is `https://`: what `demo` announces, where one logs in, and how
//! another run of ours is recognised.

use crate::binary::Home;
use rcgen::CertifiedKey;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

const DEMO: [&str; 5] = ["demo", "--proxy-addr", "127.0.0.1:0", "--auth-addr", "127.0.0.1:0"];

/// A home with a certificate for this machine and its key.
fn home_with_certificate() -> (Home, CertificateDer<'static>) {
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    let home = Home::new()
        .file("certificate.pem", &cert.pem())
        .file("key.pem", &signing_key.serialize_pem());
    (home, cert.der().clone())
}

/// The whole answer of `address`, which has to show `certificate`.
fn get(address: &str, certificate: &CertificateDer<'static>, path: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: none\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// `server` with the certificate, and an app in which people log in.
fn with_people(home: Home, server: &str, redirect_uri: &str) -> Home {
    let toml = format!(
        "[server]\n{server}tls_certificate_file = \"certificate.pem\"\ntls_key_file = \"key.pem\"\n\
         [apps.people]\nkind = \"pkce\"\nregion = \"cn\"\nclient_id = \"1\"\nredirect_uri = \"{redirect_uri}\"\n"
    );
    home.file("cozegate.toml", &toml)
}

#[test]
fn demo_announces_https_and_takes_logins_back_there() {
    let (home, certificate) = home_with_certificate();
    let mut command = home.command(&DEMO);
    command
        .env("COZEGATE__SERVER__TLS_CERTIFICATE_FILE", "certificate.pem")
        .env("COZEGATE__SERVER__TLS_KEY_FILE", "key.pem");
    let mut demo = home.start_command(command);
    for service in ["proxy", "auth"] {
        let url = demo.announced[service].as_str().unwrap();
        assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    }

    // As soon as it has said how to stop, it has said everything.
    let lines = demo.lines_of_stderr();
    let emulator = demo.announced["emulator"]["api_base"].as_str().unwrap().to_owned();
    for line in lines.iter().take_while(|line| !line.contains("Ctrl-C")) {
        assert!(!line.replace(&emulator, "").contains("http://"), "{line}");
    }
    let login = get(&demo.address("/auth"), &certificate, "/login?app=demo-pkce");

    assert!(login.starts_with("HTTP/1.1 302 "), "{login}");
    let back = format!(
        "redirect_uri=https%3A%2F%2F{}",
        demo.address("/auth").replace(':', "%3A")
    );
    assert!(login.contains(&back), "{login}");
}

#[test]
fn another_run_of_ours_is_recognised_within_tls_and_its_page_is_named() {
    let (home, _) = home_with_certificate();
    let mut command = home.command(&DEMO);
    command
        .env("COZEGATE__SERVER__TLS_CERTIFICATE_FILE", "certificate.pem")
        .env("COZEGATE__SERVER__TLS_KEY_FILE", "key.pem");
    let running = home.start_command(command);
    let (proxy, auth) = (running.address("/proxy"), running.address("/auth"));
    let server = format!("proxy_addr = \"{proxy}\"\nauth_addr = \"{auth}\"\n");
    let home = with_people(home, &server, &format!("http://{auth}/callback"));

    let ports = home.run(&["ports", "--json"]);
    let serve = home.run(&["serve"]);
    let login = home.run(&["login", "--no-browser"]);

    let answer: Value = serde_json::from_slice(&ports.stdout).unwrap();
    assert_eq!(ports.status.code(), Some(0), "{answer}");
    for port in answer["ports"].as_array().unwrap() {
        assert_eq!(port["state"], "cozegate");
        assert_eq!(port["version"], env!("CARGO_PKG_VERSION"));
    }
    let said = |stderr: Vec<u8>| String::from_utf8(stderr).unwrap();
    assert_eq!(serve.status.code(), Some(7));
    assert!(said(serve.stderr).contains("another cozegate"));
    assert_eq!(login.status.code(), Some(7));
    let login = said(login.stderr);
    assert!(login.contains(&format!("https://{auth}/login?app=people")), "{login}");
}

#[test]
fn login_that_only_the_service_can_take_back_names_its_page() {
    let (home, _) = home_with_certificate();
    let home = with_people(home, "", "https://localhost:8081/callback");

    let login = home.run(&["login", "--no-browser"]);

    assert_eq!(login.status.code(), Some(3));
    let login = String::from_utf8(login.stderr).unwrap();
    assert!(login.contains("https://localhost:8081/login?app=people"), "{login}");
}
