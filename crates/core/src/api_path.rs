//! Spelling of the paths of the platform's API.

/// Returns `path` with one leading slash. `@coze/api` joins base and path as they are, so a base that ends in a slash
/// asks for `//v3/chat` (protocol 1.2).
pub fn without_doubled_slash(path: &str) -> &str {
    let extra = path.bytes().take_while(|byte| *byte == b'/').count().saturating_sub(1);
    path.get(extra..).unwrap_or(path)
}
