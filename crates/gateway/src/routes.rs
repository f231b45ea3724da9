//! Paths that the two listeners serve, taken from their own tables: for tests that walk every route.

use cozegate_portal::{Audience, Route, routes::ROUTES};

/// The paths of the auth service; parameters stand in braces.
pub fn of_auth() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|route| route.path)
}

/// Those of them that a page of any site may embed.
pub fn embeddable() -> impl Iterator<Item = &'static str> {
    let for_everyone = |route: &&Route| route.audience == Audience::Everyone;
    ROUTES.iter().filter(for_everyone).map(|route| route.path)
}

/// The paths of the proxy; one that ends in a slash is a prefix.
pub fn of_proxy() -> impl Iterator<Item = &'static str> {
    cozegate_proxy::route::beginnings()
}
