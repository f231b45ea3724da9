//! Performs a bot's answer: delta by delta, at its pace, whether or not somebody listens.
//!
//! A chat runs in its own task. A reader who leaves does not stop it (protocol 6.3): the history gets the full answer.
//! What stops it is `/v3/chat/cancel` or the end of the platform.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tokio::{sync::mpsc::UnboundedSender, time};
use tokio_util::sync::CancellationToken;

use crate::{
    api::wire::{LastError, StreamedChat, StreamedMessage},
    bots::{Piece, Script, pieces},
    clock::Clock,
    history::{ChatEnd, ChatStatus, Message, MetaData, Role, Usage},
    platform::Platform,
    sse,
};

/// What an answer ends with (protocol 6.3), byte for byte.
const GENERATE_ANSWER_FINISH: &str = concat!(
    r#"{"msg_type":"generate_answer_finish","data":"{\"finish_reason\":0,\"FinData\":\"\"}","#,
    r#""from_module":null,"from_unit":null}"#
);

/// One chat about to be performed.
#[derive(Debug)]
pub(crate) struct Performance {
    pub(crate) chat_id: String,
    pub(crate) conversation_id: String,
    pub(crate) section_id: String,
    pub(crate) bot_id: String,
    /// Unix seconds.
    pub(crate) created_at: i64,
    pub(crate) question: String,
    pub(crate) script: Script,
    pub(crate) cancel: CancellationToken,
    /// Where the frames of a streamed chat go. Unbounded, because a slow reader must not slow the chat; the demo bots'
    /// answers are small.
    pub(crate) listener: Option<UnboundedSender<Bytes>>,
}

impl Performance {
    /// Speaks the whole script and writes it into the history.
    pub(crate) async fn run(self, platform: Arc<Platform>) {
        self.tell("conversation.chat.created", &self.chat(ChatStatus::Created));
        self.tell("conversation.chat.in_progress", &self.chat(ChatStatus::InProgress));

        let answer_id = platform.ids.next();
        let spoken = self.speak(&platform, &answer_id).await;
        let interrupted = self.cancel.is_cancelled() || platform.stopping.is_cancelled();

        let at = platform.clock.now();
        let usage = self.usage(&spoken);
        let mut said = Vec::new();
        // Invented: what was said before the interruption stays in the history.
        if !(interrupted && spoken.is_empty()) {
            said.push(self.message(answer_id, "answer", spoken, at));
        }
        if !interrupted {
            said.extend(self.afterwards(&platform, at));
        }
        // The history comes first: whoever reads `chat.completed` may at once list the messages or start the next chat.
        platform.history().end_chat(
            &self.chat_id,
            ChatEnd {
                at,
                messages: said.clone(),
                usage,
            },
        );

        if !interrupted {
            for message in &said {
                self.tell("conversation.message.completed", &StreamedMessage::completed(message));
            }
            let completed = StreamedChat {
                completed_at: Some(at),
                usage,
                ..self.chat(ChatStatus::Completed)
            };
            self.tell("conversation.chat.completed", &completed);
        }
        // What the stream of a canceled chat shows is not documented; canceling does not close it (protocol 6.5).
        // Invented: the deltas stop, and it ends like every other one.
        if !platform.stopping.is_cancelled() {
            self.send(sse::DONE);
        }
    }

    /// Sends the deltas; returns what was said until the end or the cancellation.
    async fn speak(&self, platform: &Platform, answer_id: &str) -> String {
        let mut spoken = String::new();
        let mut due = time::Instant::now();
        for piece in &self.script.pieces {
            // By the clock, not by pauses: a late delta does not delay those behind it.
            due += self.script.spacing.unwrap_or_else(|| platform.delta_spacing());
            let turn = platform.stopping.run_until_cancelled(time::sleep_until(due));
            if self.cancel.run_until_cancelled(turn).await.flatten().is_none() {
                break;
            }
            let content = match piece {
                Piece::Text(text) => text.clone(),
                Piece::SendTime => format!("{}\n", Clock::machine_micros()),
            };
            spoken.push_str(&content);
            let delta = self.message(answer_id.to_owned(), "answer", content, self.created_at);
            self.tell("conversation.message.delta", &StreamedMessage::delta(&delta));
        }
        spoken
    }

    /// Returns what follows a full answer: the verbose end mark and the suggestions.
    fn afterwards(&self, platform: &Platform, at: i64) -> Vec<Message> {
        let mark = ("verbose", GENERATE_ANSWER_FINISH);
        let suggestions = self.script.follow_ups.iter().map(|text| ("follow_up", *text));
        std::iter::once(mark)
            .chain(suggestions)
            .map(|(kind, content)| self.message(platform.ids.next(), kind, content.to_owned(), at))
            .collect()
    }

    fn chat(&self, status: ChatStatus) -> StreamedChat<'_> {
        StreamedChat {
            id: &self.chat_id,
            conversation_id: &self.conversation_id,
            bot_id: &self.bot_id,
            created_at: self.created_at,
            completed_at: None,
            last_error: LastError::default(),
            status,
            usage: Usage::default(),
            section_id: &self.section_id,
        }
    }

    fn message(&self, id: String, kind: &str, content: String, at: i64) -> Message {
        Message {
            id,
            conversation_id: self.conversation_id.clone(),
            section_id: self.section_id.clone(),
            bot_id: self.bot_id.clone(),
            chat_id: self.chat_id.clone(),
            role: Role::Assistant,
            kind: kind.to_owned(),
            content,
            content_type: "text".to_owned(),
            meta_data: MetaData::new(),
            created_at: at,
            updated_at: at,
        }
    }

    /// Invented: one token per delta.
    fn usage(&self, spoken: &str) -> Usage {
        let (input_count, output_count) = (pieces(&self.question).len(), pieces(spoken).len());
        Usage {
            token_count: input_count + output_count,
            output_count,
            input_count,
        }
    }

    fn tell(&self, event: &str, data: &impl Serialize) {
        match sse::frame(event, data) {
            Ok(frame) => self.send(frame),
            Err(error) => tracing::error!(%error, event, "Could not write a frame"),
        }
    }

    fn send(&self, frame: Bytes) {
        if let Some(listener) = &self.listener {
            // Fails when the reader has left, which changes nothing for the chat.
            listener.send(frame).ok();
        }
    }
}
