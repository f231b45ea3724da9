//! What each grant looks like on the wire: address, proof, body (protocol 2.2, 3.1 to 3.4).

use crate::platform::{Answer, Asked};
use crate::world::{NOW, World, jwt_app, pkce_app, user};
use coze_auth::{
    App, Callback, ClientSecret, DeviceApp, Endpoints, MemoryStore, PendingLogin, SessionContext, Subject, Tenant,
    UnixSeconds, WebApp,
};
use serde_json::{Value, json};
use std::sync::Arc;
use url::Url;

const REDIRECT_URI: &str = "http://127.0.0.1:8081/callback?app=a b";

fn soon() -> UnixSeconds {
    UnixSeconds(NOW.0 + 900)
}

fn web_app(base: &Url) -> App {
    App::Web(WebApp {
        client_id: "1.app.coze".to_owned(),
        client_secret: ClientSecret::new("client-secret-canary"),
        endpoints: Endpoints::from_api_base(base),
        workspace_id: None,
    })
}

fn device_app(workspace_id: Option<&str>) -> impl FnOnce(&Url) -> App {
    move |base| {
        App::Device(DeviceApp {
            client_id: "1.app.coze".to_owned(),
            endpoints: Endpoints::from_api_base(base),
            workspace_id: workspace_id.map(str::to_owned),
        })
    }
}

async fn world(app: impl FnOnce(&Url) -> App) -> World {
    World::of(app, Arc::new(MemoryStore::default())).await
}

/// What the browser brings back when the person agrees.
fn agreed(pending: &PendingLogin) -> Callback {
    Callback::parse(&format!("code=code_1&state={}", pending.state().expose()))
}

/// Logs in, lets the token end, renews; returns both requests.
async fn logged_in_and_renewed(world: &World) -> [Asked; 2] {
    let subject = user("a");
    world.platform.next(Answer::pair(1, soon()));
    let pending = world.tokens.begin_login(REDIRECT_URI).unwrap();
    let callback = agreed(&pending);
    world.tokens.finish_login(&subject, pending, &callback).await.unwrap();
    world.advance(900);
    world.platform.next(Answer::pair(2, UnixSeconds(NOW.0 + 1_800)));
    world.token(&subject).await;
    world.platform.asked().try_into().unwrap()
}

fn assert_token_request(asked: &Asked, authorization: &str, body: &Value) {
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.uri.path(), "/api/permission/oauth2/token");
    assert_eq!(asked.uri.query(), None);
    assert_eq!(asked.content_type, "application/json");
    assert_eq!(asked.authorization, authorization);
    assert_eq!(&asked.body, body);
}

#[tokio::test]
async fn web_app_proves_itself_with_its_secret_as_bearer_and_nowhere_else() {
    let world = world(web_app).await;

    let [exchange, refresh] = logged_in_and_renewed(&world).await;

    let client_id = "1.app.coze";
    assert_token_request(
        &exchange,
        "Bearer client-secret-canary",
        &json!({ "grant_type": "authorization_code", "client_id": client_id, "code": "code_1", "redirect_uri": REDIRECT_URI }),
    );
    assert_token_request(
        &refresh,
        "Bearer client-secret-canary",
        &json!({ "grant_type": "refresh_token", "client_id": client_id, "refresh_token": "refresh_1" }),
    );
}

#[tokio::test]
async fn public_app_proves_each_login_with_its_verifier() {
    let world = world(pkce_app).await;

    let [exchange, refresh] = logged_in_and_renewed(&world).await;

    let verifier = exchange.body["code_verifier"].as_str().unwrap();
    assert!((43..=128).contains(&verifier.len()));
    let body = json!({
        "grant_type": "authorization_code", "client_id": "1.app.coze", "code": "code_1",
        "redirect_uri": REDIRECT_URI, "code_verifier": verifier
    });
    assert_token_request(&exchange, "", &body);
    assert_token_request(
        &refresh,
        "",
        &json!({ "grant_type": "refresh_token", "client_id": "1.app.coze", "refresh_token": "refresh_1" }),
    );
}

#[tokio::test]
async fn challenge_in_the_address_is_the_hash_of_the_verifier_in_the_exchange() {
    use base64::Engine as _;
    let world = world(pkce_app).await;
    world.platform.next(Answer::pair(1, soon()));
    let pending = world.tokens.begin_login(REDIRECT_URI).unwrap();
    let query: std::collections::HashMap<_, _> = pending.authorize_url().query_pairs().into_owned().collect();
    let callback = agreed(&pending);

    world.tokens.finish_login(&user("a"), pending, &callback).await.unwrap();

    let verifier = world.platform.asked()[0].body["code_verifier"]
        .as_str()
        .unwrap()
        .to_owned();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
    assert_eq!(query["code_challenge"], challenge);
    assert_eq!(query["code_challenge_method"], "S256");
}

#[tokio::test]
async fn device_asks_for_a_code_and_polls_without_any_proof() {
    let world = world(device_app(None)).await;
    let answer = json!({
        "device_code": "dc_1", "user_code": 1_234_567, "verification_uri": "https://www.coze.example/device",
        "expires_in": 300, "interval": 1
    });
    world.platform.next(Answer::json(200, &answer));
    world.platform.next(Answer::refusal(400, "authorization_pending", ""));
    world.platform.next(Answer::pair(1, soon()));

    let login = world.tokens.begin_device_login().await.unwrap();
    let (user_code, page) = (login.user_code.clone(), login.verification_uri_complete.clone());
    let token = world.tokens.finish_device_login(&user("a"), login).await.unwrap();

    assert_eq!(user_code, "1234567");
    assert_eq!(page.as_str(), "https://www.coze.example/device?user_code=1234567");
    assert_eq!(token.access_token().expose(), "czu_1");
    let asked = world.platform.asked();
    assert_eq!(asked[0].uri.path(), "/api/permission/oauth2/device/code");
    assert_eq!(asked[0].authorization, "");
    assert_eq!(asked[0].body, json!({ "client_id": "1.app.coze" }));
    for poll in &asked[1..] {
        let grant_type = "urn:ietf:params:oauth:grant-type:device_code";
        assert_token_request(
            poll,
            "",
            &json!({ "grant_type": grant_type, "client_id": "1.app.coze", "device_code": "dc_1" }),
        );
    }
}

#[tokio::test]
async fn device_of_a_workspace_asks_at_its_own_address() {
    let world = world(device_app(Some("7"))).await;

    world.tokens.begin_device_login().await.unwrap_err();

    assert_eq!(
        world.platform.asked()[0].uri.path(),
        "/api/permission/oauth2/workspace_id/7/device/code"
    );
}

#[tokio::test]
async fn service_app_asks_for_other_accounts_and_enterprises_at_their_addresses() {
    let table = [
        (Tenant::Own, "/api/permission/oauth2/token"),
        (
            Tenant::Account("42".to_owned()),
            "/api/permission/oauth2/account/42/token",
        ),
        (
            Tenant::Enterprise("volcano_210".to_owned()),
            "/api/permission/oauth2/enterprise_id/volcano_210/token",
        ),
        // An id is one segment, whatever it holds.
        (
            Tenant::Account("a/b".to_owned()),
            "/api/permission/oauth2/account/a%2Fb/token",
        ),
    ];

    for (tenant, path) in table {
        let app = |base: &Url| match jwt_app(base) {
            App::Jwt(mut app) => {
                app.tenant = tenant;
                App::Jwt(app)
            }
            other => other,
        };
        let world = world(app).await;

        world.token(&user("a")).await;

        assert_eq!(world.platform.asked()[0].uri.path(), path);
    }
}

#[tokio::test]
async fn session_context_is_a_claim_of_the_assertion() {
    let world = World::start().await;
    let mut subject = user("a");
    subject.session_context = SessionContext::new(Some("device-1".to_owned()), Some("consumer-1".to_owned()));

    world.token(&subject).await;
    world.token(&Subject::app()).await;

    let asked = world.platform.asked();
    assert_eq!(
        asked[0].claim("session_context"),
        json!({ "device_info": { "device_id": "device-1", "custom_consumer": "consumer-1" } })
    );
    assert_eq!(asked[1].claim("session_context"), Value::Null);
}
