//! What the two listeners serve, as their routers say it themselves: for tests that walk every route.

use crate::{portal, proxy};

/// The paths of the auth service; parameters stand in braces.
pub fn of_auth() -> Vec<String> {
    portal::routes().into_iter().map(|(path, _)| path.to_owned()).collect()
}

/// Those of them that a page of any site may embed.
pub fn for_every_page() -> &'static [&'static str] {
    &portal::PUBLIC_PATHS
}

/// The paths of the proxy; one that ends in a slash is a prefix.
pub fn of_proxy() -> Vec<String> {
    proxy::route::beginnings().map(str::to_owned).collect()
}
