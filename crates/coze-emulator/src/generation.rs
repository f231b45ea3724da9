//! Performs a bot's answer: delta by delta, at its pace, whether or not somebody listens.
//!
//! A chat runs in its own task. A reader who leaves does not stop it (protocol 6.3): the history gets the full answer.
//! What stops it is `/v3/chat/cancel` or the end of the platform. What it says, it tells as [`Told`]; how that looks on a
//! wire is for whoever listens to write.

use crate::bots::{Piece, Script, pieces};
use crate::clock::Clock;
use crate::history::{ChatEnd, ChatStatus, Message, MetaData, Role, Usage};
use crate::platform::Platform;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time;
use tokio_util::sync::CancellationToken;

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
    /// Who hears it. Unbounded, because a slow reader must not slow the chat; the demo bots' answers are small.
    pub(crate) listener: Option<UnboundedSender<Told>>,
}

/// What a chat tells while it runs, in the order of protocol 6.3.
#[derive(Debug)]
pub(crate) enum Told {
    /// A new state of the chat.
    Chat(ChatState),
    /// A part of the answer.
    Delta(Message),
    /// A whole message: the answer, the end mark, the suggestions.
    Completed(Message),
    /// The last that is told, whatever the end was.
    Done,
}

/// A chat at one moment.
#[derive(Debug)]
pub(crate) struct ChatState {
    pub(crate) id: String,
    pub(crate) conversation_id: String,
    pub(crate) section_id: String,
    pub(crate) bot_id: String,
    pub(crate) created_at: i64,
    pub(crate) completed_at: Option<i64>,
    pub(crate) status: ChatStatus,
    pub(crate) usage: Usage,
}

impl Performance {
    /// Speaks the whole script and writes it into the history.
    pub(crate) async fn run(self, platform: Arc<Platform>) {
        self.tell(Told::Chat(self.chat(ChatStatus::Created)));
        self.tell(Told::Chat(self.chat(ChatStatus::InProgress)));

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
            for message in said {
                self.tell(Told::Completed(message));
            }
            self.tell(Told::Chat(ChatState {
                completed_at: Some(at),
                usage,
                ..self.chat(ChatStatus::Completed)
            }));
        }
        // What the stream of a canceled chat shows is not documented; canceling does not close it (protocol 6.5).
        // Invented: the deltas stop, and it ends like every other one.
        if !platform.stopping.is_cancelled() {
            self.tell(Told::Done);
        }
    }

    /// Sends the deltas; returns what was said until the end or the cancellation.
    async fn speak(&self, platform: &Platform, answer_id: &str) -> String {
        let mut spoken = String::new();
        let mut due = time::Instant::now();
        for (index, piece) in self.script.pieces.iter().enumerate() {
            // By the clock, not by pauses: a late delta does not delay those behind it.
            due += self.script.spacing.unwrap_or_else(|| platform.delta_spacing());
            let turn = platform.stopping.run_until_cancelled(async {
                time::sleep_until(due).await;
                platform.delta_may_go(index).await;
            });
            if self.cancel.run_until_cancelled(turn).await.flatten().is_none() {
                break;
            }
            let content = match piece {
                Piece::Text(text) => text.clone(),
                Piece::SendTime => format!("{}\n", Clock::machine_micros()),
            };
            spoken.push_str(&content);
            let delta = self.message(answer_id.to_owned(), "answer", content, self.created_at);
            self.tell(Told::Delta(delta));
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

    fn chat(&self, status: ChatStatus) -> ChatState {
        ChatState {
            id: self.chat_id.clone(),
            conversation_id: self.conversation_id.clone(),
            section_id: self.section_id.clone(),
            bot_id: self.bot_id.clone(),
            created_at: self.created_at,
            completed_at: None,
            status,
            usage: Usage::default(),
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

    fn tell(&self, told: Told) {
        if let Some(listener) = &self.listener {
            // Fails when the reader has left, which changes nothing for the chat.
            listener.send(told).ok();
        }
    }
}
