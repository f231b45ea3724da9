//! Reads the cookies of a request (RFC 6265 4.2.1): `name=value` pairs, separated by semicolons.

use http::HeaderMap;
use http::header::COOKIE;

/// The values of every cookie called `name`, in the order in which the browser sent them.
pub(crate) fn values<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value)
}
