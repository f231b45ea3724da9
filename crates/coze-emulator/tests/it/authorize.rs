//! The authorize redirect and the consent page.

use crate::logins::{REDIRECT, good_params, location, param};
use crate::support::Coze;
use coze_emulator::{AppKind, ConsentMode};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn approved_request_comes_back_with_a_code_and_its_state() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Approve);
    let app = coze.app(AppKind::Web);

    let response = coze.authorize(&good_params(&app)).await;

    let back = location(&response);
    assert_eq!(response.status(), 302);
    assert!(back.as_str().starts_with(&format!("{REDIRECT}?code=code_")));
    assert_eq!(param(&back, "state").as_deref(), Some("s t&ä"));
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn denied_request_comes_back_with_an_error_and_its_state() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Deny);
    let app = coze.app(AppKind::Web);

    let back = location(&coze.authorize(&good_params(&app)).await);

    assert_eq!(param(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(param(&back, "state").as_deref(), Some("s t&ä"));
    assert_eq!(param(&back, "code"), None);
}

#[tokio::test]
async fn person_decides_on_a_page_once() {
    let coze = Coze::start().await;
    let (web, pkce) = (coze.app(AppKind::Web), coze.app(AppKind::Pkce));
    let mut pkce_params = good_params(&pkce);
    pkce_params.push(("code_challenge", "x"));
    for (params, decision, path, answer) in [
        (good_params(&web), "approve", "/oauth/consent", "code"),
        (good_params(&web), "deny", "/oauth/consent", "error"),
        (pkce_params, "approve", "/oauth2/authorize", "code"),
    ] {
        let asked = location(&coze.authorize(&params).await);
        let page = coze.request(Method::GET, &format!("{}?{}", asked.path(), asked.query().unwrap()));
        let page = page.send().await.unwrap();
        let key = param(&asked, "authorize_key").unwrap();
        let fields = [("authorize_key", key.as_str()), ("decision", decision)];
        let first = coze.submit(asked.path(), &fields).await;
        let second = coze.submit(asked.path(), &fields).await;

        assert_eq!(asked.path(), path);
        assert_eq!(page.status(), 200);
        assert!(
            page.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        assert!(!page.headers().contains_key("access-control-allow-origin"));
        let html = page.text().await.unwrap();
        assert!(
            html.contains("同意 Approve") && html.contains(&key) && html.contains("Demo "),
            "{html}"
        );
        assert_eq!(first.status(), 303);
        assert!(param(&location(&first), answer).is_some(), "{first:?}");
        assert_eq!(second.status(), 400, "the question was answered");
    }
}

#[tokio::test]
async fn another_page_can_not_answer_for_the_person() {
    let coze = Coze::start().await;
    let app = coze.app(AppKind::Web);
    let asked = location(&coze.authorize(&good_params(&app)).await);
    let key = param(&asked, "authorize_key").unwrap();

    let forged = coze
        .request(Method::POST, "/oauth/consent")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "http://evil.example")
        .body(format!("authorize_key={key}&decision=approve"));
    let forged = forged.send().await.unwrap();

    assert_eq!(forged.status(), 400);
    assert!(forged.headers().get("location").is_none());
}

#[tokio::test]
async fn request_in_doubt_ends_on_an_error_page() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Approve);
    let (web, device) = (coze.app(AppKind::Web), coze.app(AppKind::Device));
    let jwt = coze.emulator.jwt_app().client_id;
    for (name, value, message) in [
        ("client_id", "nobody", "invalid client_id"),
        ("client_id", device.client_id.as_str(), "invalid app type"),
        ("client_id", jwt.as_str(), "invalid app type"),
        (
            "redirect_uri",
            "http://127.0.0.1:8081/callback/",
            "invalid request: redirect_uri",
        ),
        (
            "redirect_uri",
            "http://127.0.0.1:8082/callback",
            "invalid request: redirect_uri",
        ),
        (
            "redirect_uri",
            "http://localhost:8081/callback",
            "invalid request: redirect_uri",
        ),
        (
            "redirect_uri",
            "http://127.0.0.1:8081/callback?a=1",
            "invalid request: redirect_uri",
        ),
        ("redirect_uri", "", "invalid request: redirect_uri"),
    ] {
        let mut params = good_params(&web);
        params.retain(|(key, _)| *key != name);
        params.push((name, value));

        let response = coze.authorize(&params).await;

        assert_eq!(response.status(), 400, "{name}={value}");
        assert!(response.headers().get("location").is_none());
        let html = response.text().await.unwrap();
        assert!(html.contains(&format!("<code>{message}</code>")), "{html}");
    }
}

#[tokio::test]
async fn parameter_that_comes_twice_is_refused() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Approve);
    let app = coze.app(AppKind::Web);
    let mut params = good_params(&app);
    params.push(("redirect_uri", "http://evil.example/"));

    assert_eq!(coze.authorize(&params).await.status(), 400);
}

#[tokio::test]
async fn later_mistakes_are_told_to_the_app() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Approve);
    let app = coze.app(AppKind::Pkce);
    let mut params = good_params(&app);
    params.push(("code_challenge", "x"));
    for (name, value, description) in [
        ("response_type", Some("token"), "invalid request: response_type"),
        ("code_challenge", None, "invalid request: code_challenge"),
        (
            "code_challenge_method",
            Some("s256"),
            "invalid request: code_challenge_method",
        ),
        ("state", None, "invalid request: state"),
    ] {
        let mut params = params.clone();
        params.retain(|(key, _)| *key != name);
        params.extend(value.map(|value| (name, value)));

        let back = location(&coze.authorize(&params).await);

        assert_eq!(param(&back, "error").as_deref(), Some("invalid_request"), "{name}");
        assert_eq!(param(&back, "error_description").as_deref(), Some(description));
    }
}

#[tokio::test]
async fn workspace_form_knows_the_demo_workspace_only() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Approve);
    let query = format!(
        "response_type=code&client_id={}&redirect_uri={REDIRECT}&state=",
        coze.app(AppKind::Web).client_id
    );
    let ask = async |workspace_id: &str| {
        let path = format!("/api/permission/oauth2/workspace_id/{workspace_id}/authorize?{query}");
        coze.request(Method::GET, &path).send().await.unwrap()
    };

    let ours = ask(&coze.emulator.info().workspace_id).await;
    let strange = ask("1").await;

    let back = location(&ours);
    assert_eq!(param(&back, "state").as_deref(), Some(""), "an empty state is echoed");
    assert!(param(&back, "code").is_some());
    assert_eq!(strange.status(), 400);
}

#[tokio::test]
async fn registered_redirect_replaces_the_old_one() {
    let coze = Coze::start().await;
    coze.emulator.set_consent(ConsentMode::Approve);
    let app = coze.app(AppKind::Web);
    let path = format!("/_emulator/apps/{}", app.client_id);
    let register = coze
        .request(Method::PUT, &path)
        .json(&json!({"redirect_uris": ["http://localhost:3000/back?tab=1"]}));
    assert_eq!(register.send().await.unwrap().status(), 200);
    let mut params = good_params(&app);
    let old = coze.authorize(&params).await;
    params.retain(|(key, _)| *key != "redirect_uri");
    params.push(("redirect_uri", "http://localhost:3000/back?tab=1"));

    let back = location(&coze.authorize(&params).await);

    assert_eq!(old.status(), 400);
    assert!(
        back.as_str().starts_with("http://localhost:3000/back?tab=1&code=code_"),
        "{back}"
    );
}
