//! Login with a browser: authorization code with PKCE (RFC 6749 section 4.1, RFC 7636).
//!
//! `cargo run -p coze-auth --example login_pkce` runs against an emulator of the platform that it starts itself. The
//! emulator's user agrees at once, and the example plays the browser. A real program redirects the browser to
//! `authorize_url` and receives the callback with its own HTTP server.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use coze_auth::{App, Callback, Endpoints, PendingLogin, PkceApp, SessionName, Subject, TokenSource};
use coze_emulator::{AppKind, ConsentMode, Emulator, EmulatorConfig};
use std::error::Error;
use url::Url;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let coze = Emulator::start(EmulatorConfig {
        consent: ConsentMode::Approve,
        ..EmulatorConfig::default()
    })
    .await?;
    let registered = coze.app(AppKind::Pkce).ok_or("no PKCE app")?;
    let redirect_uri = registered.redirect_uris.first().ok_or("no redirect URI")?;

    let endpoints = Endpoints::from_api_base(&coze.api_base().parse()?);
    let app = App::Pkce(PkceApp::new(registered.client_id, endpoints));
    let tokens = TokenSource::builder(app).build()?;

    // 1. Begin. Keep the pending login until the browser comes back: in memory, or sealed in a database as bytes.
    let pending = tokens.begin_login(redirect_uri)?;
    let kept = pending.to_secret_bytes();

    // 2. The browser goes to the consent page and returns with a query.
    let query = visit(pending.authorize_url()).await?;

    // 3. Finish. Another browser's callback, or that of another app or region, is refused without a request.
    let person = Subject::login(SessionName::parse("person-1")?);
    let pending = PendingLogin::from_secret_bytes(&kept)?;
    let token = tokens.finish_login(&person, pending, &Callback::parse(&query)).await?;
    println!(
        "logged in: {} token of kind {:?}",
        token.token_type(),
        token.access_token().kind()
    );

    // From here on the refresh token renews the login, once per renewal and before the access token ends.
    let status = tokens.login_status(&person).await?.ok_or("no login")?;
    println!(
        "can be renewed: {}",
        !status.is_lost && status.refresh_expires_at.is_some()
    );
    println!("logged out: {}", tokens.log_out(&person).await?);
    coze.shutdown().await;
    Ok(())
}

/// Plays the browser: opens the consent page and returns the query of the redirect.
async fn visit(authorize_url: &Url) -> Result<String, Box<dyn Error>> {
    let browser = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let answer = browser.get(authorize_url.clone()).send().await?;
    let location = answer.headers().get("location").ok_or("no redirect")?.to_str()?;
    let callback = Url::parse(location)?;
    Ok(callback.query().ok_or("no query")?.to_owned())
}
