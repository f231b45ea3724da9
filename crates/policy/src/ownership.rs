//! The pure part of the ownership register (A6): kinds of ids, their digests, and what an answer teaches.
//!
//! Where the digests rest, and the questions to the platform about unknown conversations, are the gateway's.

use crate::Learns;
use crate::id::Id;
use aws_lc_rs::hmac;
use serde_json::Value;
use std::fmt;

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A conversation.
    Conversation,
    /// An uploaded file.
    File,
    /// One answer of a bot in a conversation.
    Chat,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Conversation, Self::File, Self::Chat];

    /// The name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::File => "file",
            Self::Chat => "chat",
        }
    }
}

/// A keyed digest of an id or of an owner: a copy of the store names neither.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Digest(..)")
    }
}

/// The key of the digests.
#[derive(Clone)]
pub struct DigestKey(hmac::Key);

impl fmt::Debug for DigestKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DigestKey(..)")
    }
}

impl DigestKey {
    /// Makes the key of the register from `secret`, which serves other purposes too.
    pub fn new(secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&secret, b"cozegate ownership register v1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// The digest of an id.
    pub fn id(&self, kind: Kind, id: Id) -> Digest {
        self.digest(kind.name(), id.as_str())
    }

    /// The digest of an owner: app, site and subject, joined by the caller.
    pub fn owner(&self, owner: &str) -> Digest {
        self.digest("owner", owner)
    }

    fn digest(&self, domain: &str, text: &str) -> Digest {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(domain.as_bytes());
        context.update(&[0x1f]);
        context.update(text.as_bytes());
        let tag = context.sign();
        let mut digest = [0; 16];
        if let Some(first) = tag.as_ref().first_chunk::<16>() {
            digest = *first;
        }
        Digest(digest)
    }
}

/// An id that an answer gave to the caller, who owns it from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Learned {
    /// What it names.
    pub kind: Kind,
    /// The id.
    pub id: Id,
}

/// The longest answer that is read for ids.
pub const MAX_ANSWER: usize = 1024 * 1024;

/// Reads the ids in a JSON answer. An error, or an answer of another form, teaches nothing.
pub fn learn_from_answer(learns: Learns, body: &[u8]) -> Vec<Learned> {
    let Some(answer) = (body.len() <= MAX_ANSWER)
        .then(|| serde_json::from_slice::<Value>(body).ok())
        .flatten()
    else {
        return Vec::new();
    };
    let is_error = answer.get("code").and_then(Value::as_i64).is_some_and(|code| code != 0);
    match answer.get("data") {
        Some(data) if !is_error => learn_from_data(learns, data),
        _ => Vec::new(),
    }
}

/// Reads the ids in one event of a stream. Only the first events of a chat teach something; `is_teaching` tells which
/// names these are, so that others are not parsed.
pub fn learn_from_event(event: &str, data: &[u8]) -> Vec<Learned> {
    if !is_teaching(event) || data.len() > MAX_ANSWER {
        return Vec::new();
    }
    serde_json::from_slice(data)
        .map(|data| learn_from_data(Learns::Chat, &data))
        .unwrap_or_default()
}

/// Whether an event of this name carries the ids of a chat.
pub fn is_teaching(event: &str) -> bool {
    matches!(event, "conversation.chat.created" | "conversation.chat.in_progress")
}

fn learn_from_data(learns: Learns, data: &Value) -> Vec<Learned> {
    let at = |kind: Kind, value: &Value, name: &str| id(value.get(name)?).map(|id| Learned { kind, id });
    match learns {
        Learns::Chat => [
            at(Kind::Conversation, data, "conversation_id"),
            at(Kind::Chat, data, "id"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Learns::Conversation => at(Kind::Conversation, data, "id").into_iter().collect(),
        Learns::File => at(Kind::File, data, "id").into_iter().collect(),
        Learns::Conversations => {
            let conversations = data.get("conversations").and_then(Value::as_array);
            let conversations = conversations.map(Vec::as_slice).unwrap_or_default();
            conversations
                .iter()
                .filter_map(|one| at(Kind::Conversation, one, "id"))
                .collect()
        }
    }
}

/// An id, which the platform writes as a text and some samples as a number.
fn id(value: &Value) -> Option<Id> {
    match value {
        Value::String(text) => Id::parse(text.as_bytes()),
        Value::Number(number) => Id::parse(number.as_u64()?.to_string().as_bytes()),
        _ => None,
    }
    .filter(|id| id.as_str() != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(learns: Learns, body: &str) -> Vec<(Kind, String)> {
        let found = learn_from_answer(learns, body.as_bytes());
        found
            .into_iter()
            .map(|learned| (learned.kind, learned.id.to_string()))
            .collect()
    }

    #[test]
    fn an_answer_teaches_the_ids_that_it_gives() {
        let conversation = |id: &str| (Kind::Conversation, id.to_owned());

        assert_eq!(
            learned(Learns::Conversation, r#"{"code":0,"data":{"id":"7"}}"#),
            [conversation("7")]
        );
        assert_eq!(
            learned(Learns::File, r#"{"data":{"id":"8","bytes":3}}"#),
            [(Kind::File, "8".to_owned())]
        );
        assert_eq!(
            learned(
                Learns::Conversations,
                r#"{"code":0,"data":{"has_more":false,"conversations":[{"id":"1"},{"id":2},{}]}}"#
            ),
            [conversation("1"), conversation("2")]
        );
        assert_eq!(
            learned(Learns::Chat, r#"{"code":0,"data":{"id":"3","conversation_id":"4"}}"#),
            [conversation("4"), (Kind::Chat, "3".to_owned())]
        );
        let event = br#"{"id":"3","conversation_id":"4","status":"created"}"#;
        assert_eq!(learn_from_event("conversation.chat.created", event).len(), 2);
    }

    #[test]
    fn errors_and_other_events_teach_nothing() {
        for body in [
            r#"{"code":4200,"data":{"id":"7"}}"#,
            r#"{"code":0,"data":null}"#,
            r#"{"code":0,"data":{"id":"0"}}"#,
            r#"{"code":0,"data":{"id":"../7"}}"#,
            "{",
            "",
        ] {
            assert_eq!(learned(Learns::Conversation, body), [], "{body}");
        }
        assert!(learn_from_event("conversation.message.delta", br#"{"id":"3","conversation_id":"4"}"#).is_empty());
    }

    #[test]
    fn digests_differ_by_kind_key_and_text() {
        let key = DigestKey::new(b"secret");
        let id = Id::parse(b"75").unwrap();
        let digests = [
            key.id(Kind::Conversation, id),
            key.id(Kind::File, id),
            key.owner("75"),
            DigestKey::new(b"other").id(Kind::Conversation, id),
        ];

        assert_eq!(key.id(Kind::Conversation, id), digests[0]);
        for (at, one) in digests.iter().enumerate() {
            assert!(!digests[..at].contains(one));
        }
    }
}
