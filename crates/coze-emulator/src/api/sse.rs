//! Frames of a streamed chat, byte for byte as captured (protocol 6.3).
//!
//! No space after a colon, LF only, no `id:`, no comments: cozepy refuses any other line.

use super::wire::{StreamedChat, StreamedMessage};
use crate::generation::Told;
use bytes::Bytes;
use serde::Serialize;

/// The last frame. Its data is the JSON string `"[DONE]"`, quotes included.
const DONE: Bytes = Bytes::from_static(b"event:done\ndata:\"[DONE]\"\n\n");

/// Writes what a chat tells.
pub(crate) fn told(told: &Told) -> Result<Bytes, serde_json::Error> {
    match told {
        Told::Chat(chat) => frame(chat.status.event(), &StreamedChat::from(chat)),
        Told::Delta(message) => frame("conversation.message.delta", &StreamedMessage::delta(message)),
        Told::Completed(message) => frame("conversation.message.completed", &StreamedMessage::completed(message)),
        Told::Done => Ok(DONE),
    }
}

/// Returns one frame. JSON text has no line break, so the data fits on one line.
fn frame(event: &str, data: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    let data = serde_json::to_string(data)?;
    Ok(Bytes::from(format!("event:{event}\ndata:{data}\n\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_has_no_space_after_its_colons_and_keeps_line_breaks_inside_json() {
        let frame = frame("conversation.message.delta", &"a\nb").unwrap();

        assert_eq!(frame, "event:conversation.message.delta\ndata:\"a\\nb\"\n\n");
    }
}
