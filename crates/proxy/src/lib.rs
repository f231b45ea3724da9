//! The proxy on 8080: the platform's own paths, for browsers and programs that must not hold its credential.
//!
//! Plain hyper on one single-threaded runtime per core (`docs/decisions/0003-proxy-on-plain-hyper.md`). One request
//! passes these phases (`phases`), with one context (`context`) that carries what is known so far. Each phase stands as
//! high as it can: a refusal costs the less the earlier it comes.
//!
//! | | phase | file | why there |
//! |---|---|---|---|
//! | 0 | observe | `phases` | a request that is refused is counted and logged as any other |
//! | 1 | route | `route` | files are guarded by a rule of their own; the path is parsed once |
//! | 2 | guard | [`cozegate_core::guard`] | decides from the head alone, and answers preflights |
//! | 3 | address limits | [`cozegate_core::limits`] | a look at memory, where an unknown handle costs a query of the store |
//! | 4 | caller | `authenticated_caller` | every decision from here on is about a caller |
//! | 5 | caller limits | [`cozegate_core::limits`] | before anything is read or asked for that caller |
//! | 6 | policy: head | `policy` | a refusal before the body is read |
//! | 7 | request head | `request` | before the body, so that a head that cannot be sent costs no body |
//! | 8 | policy: body, owners | `upload`, `policy`, `owned` | before the platform hears of the request |
//! | 9 | credential | `authenticated_caller` | asked for when it is certain that it is used |
//! | 10 | exchange | `upstream`, `pool`, `connect` | over a connection of this core; a refused token is renewed and the request sent once more |
//! | 11 | response | `response`, `body` | bytes as they come; a bot's description is filtered for visitors |
//! | 12 | finish | `phases` | CORS and HTTPS fields stand on every answer |
//!
//! A static file leaves after phase 3 ([`files`]). A WebSocket takes the same way up to the answer's head and is a tunnel
//! from there on (`tunnel`).
//!
//! When the caller leaves, the response body is dropped, which closes the upstream connection: the platform sees it.

mod about;
mod api;
mod authenticated_caller;
mod body;
mod connect;
mod context;
pub mod files;
mod framing;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod owned;
mod phases;
mod policy;
mod pool;
mod refusal;
mod request;
mod response;
pub mod route;
mod state;
mod tunnel;
mod upload;
mod upstream;
pub mod workers;
