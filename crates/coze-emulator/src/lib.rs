//! A double of the Coze platform: a real HTTP server that answers the way `api.coze.cn` does.
//!
//! It exists so that cozegate can be tried, tested and measured without an account and without a network. It depends on
//! none of our other crates and shares no type with them: every byte is written from the protocol sheet ("protocol
//! 4.3" in the comments below), because a double that reused our structs would agree with our mistakes. Where the sheet
//! is silent and something had to be made up, the line is marked `invented`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use coze_emulator::{Emulator, EmulatorConfig};
//!
//! let coze = Emulator::start(EmulatorConfig::default()).await?;
//! println!("{} {}", coze.api_base(), coze.jwt_app().client_id);
//! coze.journal().wait_for(|entry| entry.is_token_request()).await?;
//! coze.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! A reader may follow one request from the outside in: [`Emulator`] binds the socket, `rim` gives the request its log
//! id, its journal line and its fault, `oauth` or `api` answers it from `platform`, and `generation` speaks as a bot. What
//! people allowed to apps is kept by `logins`.

mod accounts;
mod api;
mod apps;
mod bots;
mod clock;
mod config;
mod control;
mod cors;
mod emulator;
mod envelope;
mod faults;
mod generation;
mod history;
mod ids;
mod journal;
mod logins;
mod oauth;
mod platform;
mod query_authorization;
mod rim;
mod tokens;

pub use accounts::DemoApp;
pub use api::PERMISSIONS;
pub use apps::{AppKind, Apps, ClientSecret, InvalidAppChange, OAuthApp};
pub use clock::Clock;
pub use config::{EmulatorConfig, Isolation};
pub use control::{AppInfo, BotInfo, Info};
pub use emulator::{Emulator, StartError};
pub use faults::{Fault, FaultMatch, FaultRule, Faults, InvalidFault};
pub use journal::{AuthorizationKind, Entry, Journal, NeverHappened, OAuthEndpoint, OAuthStep};
pub use logins::{ConsentMode, RefreshPolicy};
