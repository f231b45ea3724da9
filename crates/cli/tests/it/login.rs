//! `login` with a browser on this machine: the person's way there and back, and who cannot come in between.

use crate::http::send;
use crate::person::{Decision, Person};
use crate::platform::{Platform, ReservedPort};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use url::Url;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn person_agrees_and_every_process_uses_the_login() {
    for kind in ["web", "pkce"] {
        let (platform, port) = (Platform::start(), ReservedPort::find());
        let home = platform.home(&[kind], &port.redirect_uri());
        let login = home.start_login(&["--no-browser"]);

        let last = Person::reading("zh-CN,zh;q=0.9").agree(login.url());
        let output = login.finish();

        assert_eq!(output.status.code(), Some(0), "{}", home.describe(&output));
        assert!(text(&output.stdout).starts_with("Logged in to app"));
        assert_eq!(last.answer.status, 200);
        assert!(last.text().contains("lang=\"zh-CN\"") && last.text().contains("登录成功"));
        let heard = platform.heard();
        let token = text(&home.run(&["token", "--app", kind]).stdout);
        assert!(token.starts_with("czu_") && token.lines().count() == 1, "{kind}");
        let serve = home.start(&["serve", "--proxy-addr", "127.0.0.1:0", "--auth-addr", "127.0.0.1:0"]);
        let session = send(&serve.address("/auth"), "POST /auth/session", &[], "{}").json();
        assert_eq!(platform.heard(), heard, "the platform was asked for another token");
        let bearer = format!("Bearer {}", session["handle"].as_str().unwrap());
        let account = send(
            &serve.address("/proxy"),
            "GET /v1/users/me",
            &[("Authorization", &bearer)],
            "",
        );
        assert_eq!((account.status, platform.heard()), (200, heard + 1));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn browser_is_handed_an_address_without_secrets() {
    let (platform, port) = (Platform::start(), ReservedPort::find());
    let home = platform
        .home(&["pkce"], &port.redirect_uri())
        .program("xdg-open", "printf '%s\\n' \"$@\" > \"$HOME/opened\"");
    // Whoever reads a pipe waits for who writes.
    let opened = home.path().join("opened");
    let made = std::process::Command::new("mkfifo").arg(&opened).status().unwrap();
    assert!(made.success());
    let login = home.start_login(&[]);

    let arguments = std::fs::read_to_string(&opened).unwrap();
    let mut person = Person::reading("en");
    let consent = person.open(arguments.trim());
    let back = person.press(&consent, Decision::Approve).unwrap();
    person.arrive(back.clone());
    let output = login.finish();

    assert_eq!(output.status.code(), Some(0), "{}", home.describe(&output));
    let start = Url::parse(&port.redirect_uri()).unwrap().join("/login").unwrap();
    assert_eq!(arguments, format!("{start}\n"));
    // What would have been worth reading there.
    for (name, secret) in back.query_pairs() {
        assert!(
            secret.len() > 20 && !home.describe(&output).contains(&*secret),
            "{name}"
        );
    }
}

#[test]
fn browser_that_is_not_there_is_said_and_the_address_stays() {
    let (platform, port) = (Platform::start(), ReservedPort::find());
    let home = platform.home(&["pkce"], &port.redirect_uri());
    let login = home.start_login(&[]);

    Person::reading("en").agree(login.url());
    let output = login.finish();

    assert_eq!(output.status.code(), Some(0), "{}", home.describe(&output));
    assert!(text(&output.stderr).contains("No browser could be opened here."));
}

#[test]
fn person_who_says_no_is_told_so_and_so_is_the_terminal() {
    let (platform, port) = (Platform::start(), ReservedPort::find());
    let home = platform.home(&["web"], &port.redirect_uri());
    let login = home.start_login(&["--no-browser"]);
    let mut person = Person::reading("en");

    let consent = person.open(login.url());
    let last = person.decide(&consent, Decision::Deny);
    let output = login.finish();

    assert_eq!(last.answer.status, 400);
    assert!(last.text().contains("The login did not succeed"));
    assert_eq!(output.status.code(), Some(4));
    let said = text(&output.stderr);
    let (_, end) = said.split_once("Waiting for you to agree …\n").unwrap();
    insta::assert_snapshot!(end, @"
    error: The login to app web was refused.
    cause: could not log in
    cause: the login was refused (access_denied)
    ");
    assert_eq!(home.run(&["token"]).status.code(), Some(4));
}

#[test]
fn forged_answers_are_refused_and_the_login_goes_on() {
    let (platform, port) = (Platform::start(), ReservedPort::find());
    let home = platform.home(&["pkce"], &port.redirect_uri());
    let login = home.start_login(&["--no-browser"]);
    let mut person = Person::reading("en");
    let consent = person.open(login.url());
    let back = person.press(&consent, Decision::Approve).unwrap();
    let (query, cookies) = (back.query().unwrap(), person.cookies());
    let (code, state) = query.split_once('&').unwrap();
    assert!(code.starts_with("code=") && state.starts_with("state="), "{query}");
    let cookie = ("Cookie", cookies.as_str());
    let other_cookie = format!("{cookies}x");
    let forged = [
        (403, query.to_owned(), vec![]),
        (403, query.to_owned(), vec![("Cookie", other_cookie.as_str())]),
        (403, format!("{code}&state=x"), vec![cookie]),
        (403, format!("{query}x"), vec![cookie]),
        (403, code.to_owned(), vec![cookie]),
        (403, format!("{query}&{state}"), vec![cookie]),
        (403, "error=access_denied".to_owned(), vec![cookie]),
        (403, "error=access_denied&state=x".to_owned(), vec![cookie]),
        (403, query.to_owned(), vec![cookie, ("Host", "evil.example")]),
        (403, query.to_owned(), vec![cookie, ("Origin", "https://evil.example")]),
        (403, query.to_owned(), vec![cookie, ("Sec-Fetch-Site", "cross-site")]),
    ];

    let mut let_through = 0;
    for (status, query, fields) in &forged {
        let answer = send(back.authority(), &format!("GET /callback?{query}"), fields, "");
        let_through += usize::from(answer.status != *status);
    }
    let elsewhere = send(back.authority(), &format!("GET /other?{query}"), &[cookie], "");
    let last = person.arrive(back.clone());
    let output = login.finish();

    let refused = i32::from(last.answer.status != 200);
    println!(
        "answers to a login at the terminal: bad tried {} / let through {let_through}; good tried 1 / refused {refused}",
        forged.len()
    );
    assert_eq!((let_through, refused, elsewhere.status), (0, 0, 404));
    assert_eq!(output.status.code(), Some(0), "{}", home.describe(&output));
}

/// A listener of the test's own, which hangs up on everybody.
fn stranger() -> String {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stranger.local_addr().unwrap().to_string();
    drop(std::thread::spawn(move || {
        loop {
            drop(stranger.accept());
        }
    }));
    address
}

#[cfg(target_os = "linux")]
#[test]
fn stranger_on_the_port_is_named_with_a_way_out() {
    let platform = Platform::start();
    let address = stranger();
    let redirect_uri = format!("http://{address}/callback");
    let name = std::fs::read_to_string("/proc/self/comm").unwrap();
    let transcript = |kinds: &[&str]| {
        let home = platform.home(kinds, &redirect_uri);
        let transcript = home.transcript(&["login", "--no-browser"]);
        transcript
            .replace(&address, "ADDRESS")
            .replace(name.trim(), "NAME")
            .replace(&std::process::id().to_string(), "PID")
    };

    insta::assert_snapshot!(transcript(&["web"]), @"
    exit: 7
    ----- stdout -----
    ----- stderr -----
    error: The login cannot listen on ADDRESS: held by NAME (process PID).
    hint: Stop that program, or choose another port: redirect_uri in the configuration, registered in the console as well.
    ");
    insta::assert_snapshot!(transcript(&["web", "device"]), @"
    exit: 7
    ----- stdout -----
    ----- stderr -----
    error: The login cannot listen on ADDRESS: held by NAME (process PID).
    hint: Stop that program, or log in without a browser on this machine: cozegate login --flow device.
    ");
}

#[test]
fn port_of_our_own_service_leads_to_its_page() {
    let platform = Platform::start();
    let home = platform.home(&["web"], "http://127.0.0.1:1/callback");
    let serve = home.start(&["serve", "--only", "auth", "--auth-addr", "127.0.0.1:0"]);
    let auth = serve.address("/auth");
    let home = platform.configure(home, &["web"], &format!("http://{auth}/callback"));

    let output = home.run(&["login", "--no-browser"]);

    assert_eq!(output.status.code(), Some(7));
    let said = text(&output.stderr);
    assert!(said.contains("another cozegate"), "{said}");
    assert!(said.contains(&format!("http://{auth}/login?app=web\n")), "{said}");
}

#[test]
fn redirect_uri_that_leads_elsewhere_is_a_mistake_of_the_configuration() {
    let platform = Platform::start();
    for redirect_uri in ["https://www.example.com/callback", "http://192.0.2.1:8081/callback"] {
        let output = platform
            .home(&["pkce"], redirect_uri)
            .run(&["login", "--no-browser", "--json"]);

        assert_eq!(output.status.code(), Some(3), "{redirect_uri}");
        let said = text(&output.stderr);
        assert!(said.contains("would not come back to this machine"), "{said}");
        assert!(said.contains(redirect_uri) && said.contains("hint: "), "{said}");
    }
}

#[test]
fn app_that_is_meant_is_found_or_asked_for() {
    let (platform, port) = (Platform::start(), ReservedPort::find());
    let home = |kinds: &[&str]| platform.home(kinds, &port.redirect_uri());
    let several = home(&["pat", "web", "pkce"]);

    insta::assert_snapshot!(home(&["pat"]).transcript(&["login"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: No app of the configuration fits: people log in to apps of kind web, pkce and device.
    hint: Apps of kind web, pkce and device are logged in to; jwt, pat and sat apps get their tokens by themselves. "cozegate config show" lists them.
    "#);
    insta::assert_snapshot!(several.transcript(&["login"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: Several apps fit. Say which: --app with one of pkce, web.
    ");
    insta::assert_snapshot!(several.transcript(&["login", "--app", "pat"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error: App pat is of kind pat, and this is not how it gets its tokens.
    hint: Apps of kind web, pkce and device are logged in to; jwt, pat and sat apps get their tokens by themselves. "cozegate config show" lists them.
    "#);
    for arguments in [&["--flow", "device"][..], &["--app", "web", "--flow", "pkce"]] {
        let output = several.run(&[&["login", "--no-browser"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{}", several.describe(&output));
    }
    let login = several.start_login(&["--flow", "pkce", "--no-browser"]);
    Person::reading("en").agree(login.url());
    let output = login.finish();
    assert!(
        text(&output.stdout).starts_with("Logged in to app pkce"),
        "{}",
        several.describe(&output)
    );
}

#[test]
fn login_at_the_terminal_is_found_by_a_service_that_runs() {
    let (platform, port) = (Platform::start(), ReservedPort::find());
    let home = platform.home(&["pkce"], &port.redirect_uri());
    // Quiet, since nobody reads what it would say to each of our questions.
    let serve = home.start(&[
        "serve",
        "--quiet",
        "--proxy-addr",
        "127.0.0.1:0",
        "--auth-addr",
        "127.0.0.1:0",
    ]);
    let open = || {
        let session = send(&serve.address("/auth"), "POST /auth/session", &[], "{}").json();
        format!("Bearer {}", session["handle"].as_str().unwrap())
    };
    let ask_with = |bearer: &str| {
        send(
            &serve.address("/proxy"),
            "GET /v1/users/me",
            &[("Authorization", bearer)],
            "",
        )
    };
    let old = open();
    let before = ask_with(&old);

    let login = home.start_login(&["--no-browser"]);
    Person::reading("en").agree(login.url());
    assert_eq!(login.finish().status.code(), Some(0));

    // The service looks into the store once a second at most.
    let deadline = Instant::now() + Duration::from_secs(30);
    let new = open();
    let mut after = ask_with(&new);
    while after.status != 200 && Instant::now() < deadline {
        after = ask_with(&new);
    }
    assert_eq!((before.status, after.status), (502, 200), "{}", after.body);
    // A page must not go on with another person's login.
    let mut with_old = ask_with(&old);
    while with_old.status != 401 && Instant::now() < deadline {
        with_old = ask_with(&old);
    }
    assert_eq!(with_old.status, 401, "{}", with_old.body);
}

#[test]
fn every_redirect_uri_on_this_machine_works() {
    for tail in ["/callback", "/login", "/", "/a/b?c=d"] {
        let (platform, port) = (Platform::start(), ReservedPort::find());
        let origin = Url::parse(&port.redirect_uri()).unwrap();
        let redirect_uri = format!("http://localhost:{}{tail}", origin.port().unwrap());
        let home = platform.home(&["pkce"], &redirect_uri);
        let login = home.start_login(&["--no-browser"]);

        let last = Person::reading("en").agree(login.url());

        assert_eq!(last.answer.status, 200, "{tail}: {}", last.text());
        assert!(last.text().contains("You are logged in"), "{tail}: {}", last.text());
        assert_eq!(login.finish().status.code(), Some(0), "{tail}");
    }
}
