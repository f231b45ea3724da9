//! Paths of the platform's API: parsed once, at the route.

/// A path at the platform's API that was found to stay below its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiPath {
    /// Slashes too many at its beginning.
    doubled: usize,
    /// What is called.
    pub kind: ApiKind,
}

/// The calls that the gateway treats in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKind {
    /// `/v3/chat`: a chat; counted apart from all else.
    Chat,
    /// `/v1/files/upload`: a body of many bytes.
    FileUpload,
    /// `/v1/audio/**`: speech, which takes long bodies, and over a WebSocket long exchanges.
    Audio,
    /// `/v1/chat`: a chat over a WebSocket.
    WebSocketChat,
    /// Any other call.
    Other,
}

impl ApiPath {
    /// Parses `path`, as it stands in the request line.
    pub fn of(path: &str) -> Self {
        let plain = without_doubled_slash(path);
        let kind = match plain {
            "/v3/chat" => ApiKind::Chat,
            "/v1/chat" => ApiKind::WebSocketChat,
            "/v1/files/upload" => ApiKind::FileUpload,
            _ if plain.starts_with("/v1/audio/") => ApiKind::Audio,
            _ => ApiKind::Other,
        };
        Self {
            doubled: path.len() - plain.len(),
            kind,
        }
    }

    /// The part of `path_and_query`, as it stood in the request line, that goes upstream.
    pub fn plain(self, path_and_query: &str) -> &str {
        path_and_query.get(self.doubled..).unwrap_or(path_and_query)
    }
}

impl ApiKind {
    /// Whether the platform speaks WebSocket there.
    pub const fn takes_websocket(self) -> bool {
        matches!(self, Self::WebSocketChat | Self::Audio)
    }

    /// Whether bodies of many bytes are sent there (protocol 6.6, 6.8). Everything else is JSON.
    pub const fn takes_upload(self) -> bool {
        matches!(self, Self::FileUpload | Self::Audio)
    }
}

/// Returns `path` with one leading slash. `@coze/api` joins base and path as they are, so a base that ends in a slash
/// asks for `//v3/chat` (protocol 1.2).
pub fn without_doubled_slash(path: &str) -> &str {
    let extra = path.bytes().take_while(|byte| *byte == b'/').count().saturating_sub(1);
    path.get(extra..).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_slash_goes_and_the_query_stays() {
        for (path, query, sent) in [
            ("/v3/chat", "?a=//b", "/v3/chat?a=//b"),
            ("//v3/chat", "?a=//b", "/v3/chat?a=//b"),
            ("////v3/chat", "", "/v3/chat"),
        ] {
            let parsed = ApiPath::of(path);

            assert_eq!(parsed.kind, ApiKind::Chat, "{path}");
            assert_eq!(parsed.plain(&format!("{path}{query}")), sent);
        }
    }

    #[test]
    fn kinds_are_whole_paths() {
        for (path, kind) in [
            ("/v3/chat/cancel", ApiKind::Other),
            ("/v3/chatter", ApiKind::Other),
            ("/v1/files/upload", ApiKind::FileUpload),
            ("/v1/files/uploads", ApiKind::Other),
            ("/v1/audio/speech", ApiKind::Audio),
            ("/v1/audio", ApiKind::Other),
            ("//v1/chat", ApiKind::WebSocketChat),
        ] {
            assert_eq!(ApiPath::of(path).kind, kind, "{path}");
        }
    }
}
