//! The auth service on 8081: sessions for pages, the legacy token service, and what people see.
//!
//! | request | file |
//! |---|---|
//! | all of them, with their audience | `routes` |
//! | `GET /`, `/chat`, `/playground`, and the page of `/callback` | `page` (handlers), `pages` (what they look like), `respond` (how they are sent) |
//! | `GET /callback` for scripts and people | `callback` |
//! | `GET /login`, `/device`, `/logout`, and the way back from the consent page | `login` |
//! | `POST /auth/session` | `session` |
//! | `/sessions` | `sessions` |
//! | `GET /assets/*` | `assets` |
//! | `GET /embed.js`, `/embed/window.js`, `/cozegate.user.js` | `scripts` |
//! | `GET /livez`, `GET /readyz` | `health` |
//! | `GET /metrics` | `metrics` |
//!
//! Pages and tokens are rare next to proxied requests, so this side runs on axum and on the shared runtime.

mod assets;
mod callback;
mod device_logins;
mod door;
mod health;
mod language;
pub mod login;
mod metrics;
mod own_page;
mod page;
pub mod pages;
mod query;
mod redirect_uri;
mod respond;
mod router;
pub mod routes;
mod scripts;
mod session;
mod sessions;
mod state;
mod static_file;

pub use router::{router, serving};
pub use state::{Audience, Effect, PortalState, Route};
