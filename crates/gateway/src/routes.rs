//! Paths that the two listeners serve, taken from their own tables: for tests that walk every route.

/// The paths of the auth service; parameters stand in braces.
pub fn of_auth() -> impl Iterator<Item = &'static str> {
    cozegate_portal::paths()
}

/// Those of them that a page of any site may embed.
pub fn embeddable() -> impl Iterator<Item = &'static str> {
    cozegate_portal::embeddable_paths()
}

/// The paths of the proxy; one that ends in a slash is a prefix.
pub fn of_proxy() -> impl Iterator<Item = &'static str> {
    cozegate_proxy::route::beginnings()
}
