//! A browser and an app that know the code flow just well enough.

use crate::support::{Coze, string};
use coze_emulator::{AppKind, ConsentMode, OAuthApp};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

pub(crate) const REDIRECT: &str = "http://127.0.0.1:8081/callback";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The pair that a login brings.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Pair {
    pub(crate) fn of(answer: &Value) -> Self {
        Self {
            access: string(&answer["access_token"]),
            refresh: string(&answer["refresh_token"]),
        }
    }
}

impl Coze {
    pub(crate) fn app(&self, kind: AppKind) -> OAuthApp {
        self.emulator.app(kind).unwrap()
    }

    pub(crate) fn web_secret(&self) -> String {
        self.app(AppKind::Web).client_secret.unwrap().expose().to_owned()
    }

    /// Sends a browser to the authorize endpoint.
    pub(crate) async fn authorize(&self, params: &[(&str, &str)]) -> Response {
        let path = format!("/api/permission/oauth2/authorize?{}", encoded(params));
        self.request(Method::GET, &path).send().await.unwrap()
    }

    /// Sends a form as a page of the platform does.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", self.emulator.www_base())
            .body(encoded(fields))
            .send()
            .await
            .unwrap()
    }

    /// Returns an approved code of the app; PKCE apps with [`CHALLENGE`].
    pub(crate) async fn code(&self, kind: AppKind) -> String {
        self.emulator.set_consent(ConsentMode::Approve);
        let app = self.app(kind);
        let mut params = good_params(&app);
        if kind == AppKind::Pkce {
            params.extend([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
        }
        let back = location(&self.authorize(&params).await);
        param(&back, "code").unwrap()
    }

    /// Sends a token request; returns status and body.
    pub(crate) async fn token_request(&self, bearer: Option<&str>, body: Value) -> (u16, Value) {
        let mut request = self.request(Method::POST, "/api/permission/oauth2/token").json(&body);
        if let Some(bearer) = bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let response = request.send().await.unwrap();
        assert!(response.headers().contains_key("x-tt-logid"));
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Logs in through the web app.
    pub(crate) async fn web_login(&self) -> Pair {
        let code = self.code(AppKind::Web).await;
        let body = json!({"grant_type": "authorization_code", "client_id": self.app(AppKind::Web).client_id,
            "code": code, "redirect_uri": REDIRECT});
        let (status, answer) = self.token_request(Some(&self.web_secret()), body).await;
        assert_eq!(status, 200, "{answer}");
        Pair::of(&answer)
    }

    /// Refreshes a login of the web app.
    pub(crate) async fn web_refresh(&self, refresh_token: &str) -> (u16, Value) {
        let client_id = self.app(AppKind::Web).client_id;
        let body = json!({"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token});
        self.token_request(Some(&self.web_secret()), body).await
    }

    /// Tells whether the platform accepts an access token.
    pub(crate) async fn accepts(&self, access_token: &str) -> bool {
        self.get(access_token, "/v1/users/me").await["code"] == 0
    }
}

/// Returns parameters of an authorize request that is accepted for a web app.
pub(crate) fn good_params(app: &OAuthApp) -> Vec<(&str, &str)> {
    vec![
        ("response_type", "code"),
        ("client_id", &app.client_id),
        ("redirect_uri", REDIRECT),
        ("state", "s t&ä"),
    ]
}

pub(crate) fn location(response: &Response) -> Url {
    let location = response.headers().get("location");
    let location = location.unwrap_or_else(|| panic!("no redirect: {response:?}"));
    location.to_str().unwrap().parse().unwrap()
}

pub(crate) fn param(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Returns an error of the OAuth family as it stands in the body.
pub(crate) fn oauth_error(status: u16, code: &str, message: &str) -> (u16, Value) {
    (
        status,
        json!({"error_code": code, "error_message": message, "error": code}),
    )
}

fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
