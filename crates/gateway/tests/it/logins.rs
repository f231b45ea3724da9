//! People log in on the pages, with the platform's consent page in between, and out again.

use crate::world::person::{Decision, Person, address, target};
use crate::world::{World, send};
use coze_emulator::Emulator;
use futures_util::future::join_all;
use std::net::SocketAddr;
use url::Url;

/// A page of another port of this machine, which is as foreign as any.
const FOREIGN: &str = "https://www.coze.cn";

async fn status_of_login(world: &World, app: &str) -> String {
    let page = Person::default()
        .come_from_elsewhere(world.auth, &format!("/login?app={app}"))
        .await;
    assert_eq!(page.status, 200);
    let text = page.text();
    let standing = ["Nobody is logged in", "Somebody is logged in", "The login has ended"];
    let found = standing.into_iter().find(|standing| text.contains(standing));
    found.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// A login that was begun, up to the platform's answer.
async fn begun(world: &World, emulator: &Emulator, person: &mut Person, decision: Decision) -> Url {
    let begun = person.open(world.auth, "/login?app=pkce&again=1").await;
    let authorize_url = begun.header("location").unwrap().to_owned();
    assert!(authorize_url.starts_with(&emulator.api_base()), "{authorize_url}");
    person.decide(&authorize_url, decision).await
}

async fn log_out(world: &World, origin: &str) -> u16 {
    let mut person = Person::default();
    let answer = person.submit(world.auth, "/logout", origin, "app=web").await;
    // A form's answer stands in a window, whatever it is.
    assert!(
        answer.status == 303 || answer.text().contains("<h1>"),
        "{}",
        answer.text()
    );
    answer.status
}

#[tokio::test]
async fn person_logs_in_in_the_browser_and_the_app_works() {
    for app in ["web", "pkce"] {
        let (world, _emulator) = World::with_logins().await;
        let mut person = Person::default();
        assert_eq!(status_of_login(&world, app).await, "Nobody is logged in");

        let back = person.log_in(world.auth, app, Decision::Approve).await;

        assert_eq!(
            (back.status, back.header("location")),
            (303, Some(&*format!("/login?app={app}")))
        );
        assert_eq!(status_of_login(&world, app).await, "Somebody is logged in");
        let handle = world.handle_of(app).await;
        assert_eq!(world.ask("GET /v1/users/me", &handle, "").await.status, 200);
        world.stop().await;
    }
}

#[tokio::test]
async fn request_before_the_login_says_where_to_log_in() {
    let (world, _emulator) = World::with_logins().await;
    let handle = world.handle_of("web").await;

    let proxied = world.ask("GET /v1/users/me", &handle, "").await;
    let legacy = format!(
        "GET /callback?app=web HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n\r\n",
        world.auth
    );
    let legacy = send(world.auth, &legacy).await;

    let login_url = format!("http://{}/login?app=web", world.auth);
    for (answer, kind) in [(proxied, "type"), (legacy, "error_type")] {
        assert_eq!(answer.status, 502);
        assert!(answer.json()[kind].as_str().unwrap().ends_with("login-required"));
        assert_eq!(answer.json()["login_url"], login_url.as_str());
    }
    world.stop().await;
}

#[tokio::test]
async fn answer_to_a_login_that_was_not_begun_in_this_browser_changes_nothing() {
    let (world, emulator) = World::with_logins().await;
    let (mut tried, mut let_through) = (0, 0);
    let elsewhere = Person::default();
    for case in [
        "no cookie",
        "another browser",
        "state changed",
        "no state",
        "state twice",
        "no code",
        "of another app",
    ] {
        let mut person = Person::default();
        let back = begun(&world, &emulator, &mut person, Decision::Approve).await;
        let query = back.query().unwrap().to_owned();
        let code = query
            .split('&')
            .find(|pair| pair.starts_with("code="))
            .unwrap()
            .to_owned();
        let state = query
            .split('&')
            .find(|pair| pair.starts_with("state="))
            .unwrap()
            .to_owned();
        let (mut browser, query) = match case {
            "no cookie" => (elsewhere.clone(), query),
            "another browser" => {
                let mut other = Person::default();
                begun(&world, &emulator, &mut other, Decision::Approve).await;
                (other, query)
            }
            "state changed" => (person, format!("{code}&{state}x")),
            "no state" => (person, code),
            "state twice" => (person, format!("{query}&{state}")),
            "no code" => (person, state),
            _ => (person, format!("{query}&iss=https://www.coze.com")),
        };
        let answer = browser
            .come_from_elsewhere(world.auth, &format!("/callback?{query}"))
            .await;
        tried += 1;
        assert_eq!(answer.status, 403, "{case}: {}", answer.text());
        for secret in back.query_pairs().map(|(_, value)| value) {
            assert!(
                !answer.text().contains(&*secret),
                "{case}: the page repeats its address"
            );
        }
        if status_of_login(&world, "pkce").await != "Nobody is logged in" {
            let_through += 1;
        }
    }
    let mut person = Person::default();
    let back = begun(&world, &emulator, &mut person, Decision::Approve).await;
    let mut copy = person.clone();
    let good = person.come_from_elsewhere(world.auth, &target(&back)).await;
    let exchanged = emulator.journal().token_requests();
    let again = copy.come_from_elsewhere(world.auth, &target(&back)).await;
    assert_eq!((again.status, again.header("location")), (303, good.header("location")));
    assert_eq!(emulator.journal().token_requests(), exchanged, "an answer is good once");
    let foreign = Person::default().come_from_elsewhere(world.auth, &target(&back)).await;
    tried += 1;
    assert_eq!(foreign.status, 403);

    let refused = i32::from(good.status != 303);
    println!("answers to logins: bad tried {tried} / let through {let_through}; good tried 1 / refused {refused}");
    assert_eq!((let_through, refused), (0, 0));
    world.stop().await;
}

/// Everything that comes to the callback before the person does, and must not take the login away.
#[tokio::test]
async fn login_is_still_there_for_the_person_after_a_stranger_opened_its_address() {
    let (world, emulator) = World::with_logins().await;
    let ways = [
        "scanner",
        "another browser",
        "HEAD",
        "prefetch",
        "prerender",
        "old prefetch",
        "no code",
        "twice",
    ];
    let (mut tried, mut refused) = (0, 0);
    for way in ways {
        let mut person = Person::default();
        let back = begun(&world, &emulator, &mut person, Decision::Approve).await;
        let path = target(&back);
        let exchanged = emulator.journal().token_requests();
        let cookies = person.cookies.clone();

        let first = match way {
            "scanner" => Person::default().open(world.auth, &path).await.status,
            "another browser" => {
                let mut other = Person::default();
                begun(&world, &emulator, &mut other, Decision::Approve).await;
                other.come_from_elsewhere(world.auth, &path).await.status
            }
            "HEAD" => person.look(world.auth, "HEAD", &path, "").await.status,
            "prefetch" => {
                person
                    .look(world.auth, "GET", &path, "Sec-Purpose: prefetch\r\n")
                    .await
                    .status
            }
            "prerender" => {
                let purpose = "Sec-Purpose: prefetch;prerender\r\nPurpose: prefetch\r\n";
                person.look(world.auth, "GET", &path, purpose).await.status
            }
            "old prefetch" => {
                person
                    .look(world.auth, "GET", &path, "X-Moz: prefetch\r\n")
                    .await
                    .status
            }
            "no code" => {
                let state = path.split_once("state=").unwrap().1;
                let state = state.split('&').next().unwrap();
                person
                    .open(world.auth, &format!("/callback?state={state}"))
                    .await
                    .status
            }
            _ => person.open(world.auth, &format!("{path}&code=another")).await.status,
        };
        let expected = match way {
            "HEAD" => 200,
            "prefetch" | "prerender" | "old prefetch" => 204,
            _ => 403,
        };
        assert_eq!(first, expected, "{way}");
        assert_eq!(person.cookies, cookies, "{way}: the cookie is touched");
        assert_eq!(emulator.journal().token_requests(), exchanged, "{way}");
        let then = person.come_from_elsewhere(world.auth, &path).await;

        tried += 1;
        refused += i32::from(then.status != 303);
        assert_eq!(emulator.journal().token_requests(), exchanged + 1, "{way}");
    }
    println!("persons behind a scanner: good tried {tried} / refused {refused}");
    assert_eq!(refused, 0);
    world.stop().await;
}

#[tokio::test]
async fn browser_that_comes_twice_at_once_logs_in_once_and_sees_no_error() {
    let (world, emulator) = World::with_logins().await;
    for _ in 0..10 {
        let mut person = Person::default();
        let back = begun(&world, &emulator, &mut person, Decision::Approve).await;
        let exchanged = emulator.journal().token_requests();
        let mut tabs = [person.clone(), person.clone(), person];

        let path = target(&back);
        let answers = join_all(tabs.iter_mut().map(|tab| tab.come_from_elsewhere(world.auth, &path))).await;

        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [303; 3]);
        assert_eq!(emulator.journal().token_requests(), exchanged + 1);
    }
    world.stop().await;
}

#[tokio::test]
async fn look_at_an_address_begins_no_login() {
    let (world, emulator) = World::with_logins().await;
    for path in ["/login?app=pkce&again=1", "/device?app=device&again=1"] {
        for (method, fields) in [("HEAD", ""), ("GET", "Sec-Purpose: prefetch\r\n")] {
            let mut person = Person::default();

            let answer = person.look(world.auth, method, path, fields).await;

            assert_eq!(
                answer.status,
                if method == "HEAD" { 200 } else { 204 },
                "{method} {path}"
            );
            assert_eq!(answer.text(), "", "{method} {path}");
            assert!(person.cookies.is_empty(), "{method} {path}");
        }
    }
    assert_eq!(emulator.journal().entries().len(), 0);
    world.stop().await;
}

#[tokio::test]
async fn person_who_says_no_stays_logged_out_and_is_told_so() {
    let (world, _emulator) = World::with_logins().await;

    let answer = Person::default().log_in(world.auth, "web", Decision::Deny).await;

    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("The login was refused"));
    assert_eq!(status_of_login(&world, "web").await, "Nobody is logged in");
    world.stop().await;
}

#[tokio::test]
async fn link_of_another_site_begins_no_login() {
    let (world, emulator) = World::with_logins().await;
    for path in [
        "/login?app=pkce",
        "/login?app=pkce&again=1",
        "/device?app=device",
        "/device?app=device&again=1",
    ] {
        let answer = Person::default().come_from_elsewhere(world.auth, path).await;

        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("set-cookie").is_none(), "{path}");
    }
    assert_eq!(emulator.journal().entries().len(), 0);
    world.stop().await;
}

#[tokio::test]
async fn sessions_end_when_somebody_logs_in_or_out() {
    let (world, _emulator) = World::with_logins().await;
    let mut person = Person::default();
    person.log_in(world.auth, "web", Decision::Approve).await;
    let (before, other_app) = (world.handle_of("web").await, world.handle_of("main").await);
    assert_eq!(world.ask("GET /v1/users/me", &before, "").await.status, 200);

    person.log_in(world.auth, "web", Decision::Approve).await;
    let after_login = world.ask("GET /v1/users/me", &before, "").await.status;
    let second = world.handle_of("web").await;
    assert_eq!(world.ask("GET /v1/users/me", &second, "").await.status, 200);
    let logged_out = log_out(&world, &format!("http://{}", world.auth)).await;

    assert_eq!((after_login, logged_out), (401, 303));
    assert_eq!(world.ask("GET /v1/users/me", &second, "").await.status, 401);
    assert_eq!(world.ask("GET /v1/users/me", &other_app, "").await.status, 200);
    assert_eq!(status_of_login(&world, "web").await, "Nobody is logged in");
    let third = world.handle_of("web").await;
    assert_eq!(world.ask("GET /v1/users/me", &third, "").await.status, 502);
    world.stop().await;
}

#[tokio::test]
async fn visitor_who_starts_afresh_behind_a_login_ends_nobody_elses_session() {
    let (world, _emulator) = World::with_logins().await;
    Person::default().log_in(world.auth, "web", Decision::Approve).await;
    let others = world.handle_of("web").await;
    let body = r#"{"app":"web"}"#;
    let open = async |body: &str| {
        let request = format!(
            "POST /auth/session HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
            world.auth,
            body.len()
        );
        send(world.auth, &request).await
    };
    let pass = open(body).await.json()["visitor"].clone();

    let fresh = open(&format!(r#"{{"app":"web","visitor":{pass},"fresh":true}}"#)).await;

    assert_eq!(fresh.status, 200, "{}", fresh.text());
    assert_eq!(world.ask("GET /v1/users/me", &others, "").await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn page_with_the_button_lets_the_browser_say_whose_it_is() {
    let (world, _emulator) = World::with_logins().await;

    // Under `no-referrer` browsers send the form with `Origin: null`.
    let page = Person::default().open(world.auth, "/logout?app=web").await;

    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    assert!(page.text().contains("<meta name=\"referrer\" content=\"same-origin\">"));
    world.stop().await;
}

#[tokio::test]
async fn only_our_own_pages_log_somebody_out() {
    let (world, _emulator) = World::with_logins().await;
    Person::default().log_in(world.auth, "web", Decision::Approve).await;

    let foreign = [FOREIGN.to_owned(), format!("http://{}", world.proxy), "null".to_owned()];
    let mut let_through = 0;
    for origin in &foreign {
        let_through += usize::from(log_out(&world, origin).await != 403);
    }
    let standing = status_of_login(&world, "web").await;
    let own = log_out(&world, &format!("http://{}", world.auth)).await;

    let refused = i32::from(own != 303);
    println!(
        "logouts: bad tried {} / let through {let_through}; good tried 1 / refused {refused}",
        foreign.len()
    );
    assert_eq!(
        (let_through, standing.as_str(), refused),
        (0, "Somebody is logged in", 0)
    );
    world.stop().await;
}

#[tokio::test]
async fn person_logs_in_on_another_device() {
    let (world, emulator) = World::with_logins().await;
    let mut person = Person::default();
    let begun = person.open(world.auth, "/device?app=device").await;
    assert_eq!(
        (begun.status, begun.header("location")),
        (303, Some("/device?app=device"))
    );
    let page = person.open(world.auth, "/device?app=device").await.text();
    let code = page
        .split("<strong class=\"user-code\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    assert!(page.contains("http-equiv=\"refresh\""));

    let platform = address(&emulator.api_base().parse().unwrap());
    let verification = page
        .split("<a class=\"address\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let verification = Url::parse(&verification.replace("&amp;", "&").replace("&#38;", "&")).unwrap();
    let form = format!("user_code={code}&decision=approve");
    let origin = verification.origin().ascii_serialization();
    let approved = Person::default()
        .submit(platform, verification.path(), &origin, &form)
        .await;
    assert_eq!(approved.status, 200, "{}", approved.text());
    let done = until_it_goes_on(&mut person, world.auth).await;

    assert_eq!(done, "/login?app=device");
    assert_eq!(status_of_login(&world, "device").await, "Somebody is logged in");
    let handle = world.handle_of("device").await;
    assert_eq!(world.ask("GET /v1/users/me", &handle, "").await.status, 200);
    world.stop().await;
}

/// Looks at the device page as its refresh does, until it leads on.
async fn until_it_goes_on(person: &mut Person, addr: SocketAddr) -> String {
    loop {
        let answer = person.open(addr, "/device?app=device").await;
        if let Some(location) = answer.header("location") {
            return location.to_owned();
        }
        // The platform wants five seconds between two questions; the page asks as often.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn app_whose_redirect_uri_leads_elsewhere_says_so() {
    let (world, _emulator) = World::with_logins().await;
    // Another port, another machine, and pages of ours that know nothing of logins.
    let own = ["/", "/login", "/chat"].map(|path| format!("http://{}{path}", world.auth));
    let elsewhere = ["http://127.0.0.1:1/callback", "https://www.example.com/callback"];
    for redirect in elsewhere.into_iter().chain(own.iter().map(String::as_str)) {
        let mut config = world.config.clone();
        let app = config.apps.get_mut("pkce").unwrap();
        if let cozegate_config::Credentials::Pkce { redirect_uri, .. } = &mut app.credentials {
            *redirect_uri = redirect.parse().unwrap();
        }
        world.gateway.apply(&config).unwrap();

        let answer = Person::default().open(world.auth, "/login?app=pkce").await;

        assert_eq!(answer.status, 400, "{redirect}");
        assert!(answer.text().contains("redirect_uri"), "{redirect}");
    }
    world.stop().await;
}

#[tokio::test]
async fn app_in_which_nobody_logs_in_keeps_the_legacy_way() {
    let (world, _emulator) = World::with_logins().await;

    let legacy = Person::default().open(world.auth, "/login?session_name=a").await;
    let logout = Person::default().open(world.auth, "/logout?app=main").await;

    assert_eq!(
        (legacy.status, legacy.header("location")),
        (302, Some("/callback?session_name=a"))
    );
    assert_eq!(logout.status, 400);
    world.stop().await;
}
