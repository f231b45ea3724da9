//! Login on another device: a short code for the person, polling for the program (RFC 8628).
//!
//! `cargo run -p coze-auth --example login_device` runs against an emulator of the platform that it starts itself. The
//! emulator's user agrees at once. Against the real platform the program waits until a person has typed the code.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use coze_auth::{App, DeviceApp, Endpoints, SessionName, Subject, TokenSource};
use coze_emulator::{AppKind, ConsentMode, Emulator, EmulatorConfig};
use std::error::Error;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let coze = Emulator::start(EmulatorConfig {
        consent: ConsentMode::Approve,
        // The platform asks for five seconds between two polls; the example should end sooner.
        device_interval: Duration::from_secs(1),
        ..EmulatorConfig::default()
    })
    .await?;
    let registered = coze.app(AppKind::Device).ok_or("no device app")?;

    let endpoints = Endpoints::from_api_base(&coze.api_base().parse()?);
    let app = App::Device(DeviceApp::new(registered.client_id, endpoints));
    let tokens = TokenSource::builder(app).build()?;

    let login = tokens.begin_device_login().await?;
    println!("open {} and type {}", login.verification_uri, login.user_code);

    // Polls at the platform's interval until the person has decided or the code has expired.
    let person = Subject::login(SessionName::parse("person-1")?);
    let token = tokens.finish_device_login(&person, login).await?;
    println!(
        "logged in: {} token of kind {:?}",
        token.token_type(),
        token.access_token().kind()
    );
    coze.shutdown().await;
    Ok(())
}
