//! The HTML that people see on the auth service: overview, token page, chat, error.
//!
//! Turns plain values into a page; knows neither HTTP nor configuration, so a page can be rendered in a test by a
//! literal. Values are escaped by the template engine. Nothing here takes a token, a handle or a key: a page that never
//! holds a secret cannot leak one (the scripts fetch what they need after the browser has proved its origin).
//!
//! The pages are written for the policy of [`content_security_policy`]: no inline script, no inline style. What a
//! script needs travels in `<script type="application/json">` blocks, which browsers do not run.

mod advice;
mod callback;
mod chat;
mod error;
mod frame;
mod home;
mod login;
mod playground;
mod script_data;
mod sessions;
#[cfg(test)]
mod tests;

pub use advice::{Advice, advice};
pub use callback::{CallbackPage, callback};
pub(super) use chat::window;
pub use chat::{ChatPage, chat, content_security_policy};
pub use error::{ErrorPage, error};
pub use frame::{BotChoice, Frame};
pub use home::{AppLine, AppRegion, HomePage, Setup, home};
pub use login::{DevicePage, LoginPage, LoginStanding, device, login, loopback_end, plain, plain_policy};
pub use playground::{PlaygroundPage, PlaygroundPlaces, playground, playground_policy, preview, preview_policy};
pub(super) use script_data::{ScriptTexts, ScriptWords, script_words};
pub use sessions::{SessionLine, SessionsPage, sessions};
