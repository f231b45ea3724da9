//! Service app: tokens for two users by signed JWT (RFC 7523), without a login.
//!
//! `cargo run -p coze-auth --example service_app` runs against an emulator of the platform that it starts itself. For the
//! real platform, use the client id, the key id and the private key of your app, and `Region::China.endpoints()` or
//! `Region::International.endpoints()`.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use coze_auth::{App, Endpoints, JwtApp, SessionName, SigningKey, Subject, TokenSource};
use coze_emulator::{Emulator, EmulatorConfig};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let coze = Emulator::start(EmulatorConfig::default()).await?;
    let registered = coze.jwt_app();

    // `repairs` names what was wrong with the text of the key, such as lost line breaks.
    let (signing_key, repairs) = SigningKey::parse(&registered.private_key_pem)?;
    println!("key of {} bits, {} repairs", signing_key.bits(), repairs.len());

    let endpoints = Endpoints::from_api_base(&coze.api_base().parse()?);
    let app = JwtApp::new(registered.client_id, registered.public_key_id, signing_key, endpoints);
    let tokens = TokenSource::builder(App::Jwt(app)).build()?;

    // Each session name has conversations of its own at Coze.
    let alice = Subject::of(SessionName::parse("alice")?);
    let bob = Subject::of(SessionName::parse("bob")?);

    // However many tasks ask for one subject, one request is sent.
    let (first, second) = tokio::join!(tokens.access_token(&alice), tokens.access_token(&alice));
    println!("alice: one token for two callers: {}", first?.is_same_as(&second?));
    let token = tokens.access_token(&bob).await?;
    println!(
        "bob: {} token of kind {:?}",
        token.token_type(),
        token.access_token().kind()
    );

    let sent = coze
        .journal()
        .entries()
        .iter()
        .filter(|entry| entry.is_token_request())
        .count();
    println!("requests to the token endpoint: {sent}");
    coze.shutdown().await;
    Ok(())
}
