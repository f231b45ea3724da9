//! What a page of another origin may do.

use crate::support::Coze;
use reqwest::Method;

#[tokio::test]
async fn preflight_needs_no_token_and_allows_what_the_clients_send() {
    let coze = Coze::start().await;

    let request = coze
        .request(Method::OPTIONS, "/v3/chat")
        .header("origin", "https://shop.example");
    let response = request
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();

    assert_eq!(response.status(), 204);
    let headers = response.headers();
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(headers["access-control-allow-methods"], "GET, POST, PUT, DELETE");
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    for name in [
        "authorization",
        "content-type",
        "x-coze-client-user-agent",
        "agw-js-conv",
    ] {
        assert!(allowed.contains(name), "{name}");
    }
    assert!(!headers.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn refusal_and_its_log_id_can_be_read_by_a_page() {
    let coze = Coze::start().await;

    let request = coze
        .request(Method::GET, "/v1/users/me")
        .header("origin", "https://shop.example");
    let response = request.send().await.unwrap();

    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(response.headers()["access-control-expose-headers"], "X-Tt-Logid");
}
