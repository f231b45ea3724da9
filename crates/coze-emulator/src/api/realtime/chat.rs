//! `/v1/chat`: a conversation with a bot, in text and sound (protocol 6.11).
//!
//! A turn is a chat like any other: it begins as `/v3/chat` does, the same history keeps it, and it goes on when its
//! listener leaves. This file writes what the chat tells as events, and adds the voice.

use super::audio::fill;
use super::connection::Session;
use super::event::{Down, Up};
use super::voice::{Ear, Sentences, speak};
use crate::api::caller::Caller;
use crate::api::chat_request::{CheckedRequest, EnterMessage, check_meta_data, connector};
use crate::api::chat_start::{self, Begun};
use crate::api::extract::required;
use crate::api::wire::{StreamedChat, StreamedMessage};
use crate::api::{conversations, messages};
use crate::bots::{self, Bot};
use crate::envelope::ApiError;
use crate::generation::Told;
use crate::history::{ChatStatus, Message, MetaData, Role};
use crate::platform::Platform;
use serde::Deserialize;
use serde_json::{Value, json};
use std::future::pending;
use std::sync::Arc;
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// Bytes of a text that is only to be spoken (documented by cozepy).
const LONGEST_SPEECH: usize = 1024;

/// One connection.
#[derive(Debug)]
pub(super) struct ChatSession {
    platform: Arc<Platform>,
    caller: Caller,
    bot_id: Option<String>,
    /// Known once the session is open.
    bot: Option<&'static Bot>,
    settings: Settings,
    /// Names the conversation once there is one; all turns of a connection belong to it.
    conversation_id: Option<String>,
    turn: Option<Turn>,
    ear: Ear,
}

/// `chat.update`, as far as the double heeds it.
#[derive(Debug, Default, Deserialize)]
struct Settings {
    #[serde(default)]
    chat_config: ChatConfig,
    /// Empty means all.
    #[serde(default)]
    event_subscriptions: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ChatConfig {
    conversation_id: Option<String>,
    auto_save_history: Option<bool>,
    meta_data: Option<MetaData>,
}

/// A chat that is being told.
#[derive(Debug)]
struct Turn {
    chat_id: String,
    conversation_id: String,
    told: UnboundedReceiver<Told>,
    /// Speaks along; gone when something else was to be spoken.
    voice: Option<Voice>,
}

#[derive(Debug, Default)]
struct Voice {
    sentences: Sentences,
    /// The message that is spoken, empty.
    message: Option<Message>,
}

/// Why a turn was broken off (documented by cozepy).
#[derive(Debug, Clone, Copy)]
enum BrokenOffBy {
    Speech = 1,
    Cancel = 2,
    Message = 3,
}

impl ChatSession {
    pub(super) fn new(platform: Arc<Platform>, caller: Caller, bot_id: Option<String>) -> Self {
        Self {
            platform,
            caller,
            bot_id,
            bot: None,
            settings: Settings::default(),
            conversation_id: None,
            turn: None,
            ear: Ear::default(),
        }
    }

    fn update(&mut self, event: Up) -> Result<Vec<Down>, ApiError> {
        let data: Value = event.data()?;
        let settings: Settings =
            serde_json::from_value(data.clone()).map_err(|error| ApiError::parameter(error.to_string()))?;
        settings
            .chat_config
            .meta_data
            .as_ref()
            .map_or(Ok(()), check_meta_data)?;
        if let Some(id) = settings.chat_config.conversation_id.clone().filter(|id| !id.is_empty()) {
            self.conversation_id = Some(id);
        }
        self.settings = settings;
        Ok(vec![Down::with("chat.updated", &data)])
    }

    /// A message of the user is a question; one of the assistant is only remembered.
    fn message(&mut self, message: EnterMessage) -> Result<Vec<Down>, ApiError> {
        message.check()?;
        match message.role {
            Role::User => self.ask(message, BrokenOffBy::Message),
            Role::Assistant => self.remember(message),
        }
    }

    fn ask(&mut self, message: EnterMessage, reason: BrokenOffBy) -> Result<Vec<Down>, ApiError> {
        let mut say = self.break_off(reason);
        let bot = self.bot.ok_or(ApiError::Internal)?;
        let config = &self.settings.chat_config;
        let request = CheckedRequest {
            bot,
            messages: vec![message],
            stream: true,
            save: config.auto_save_history.unwrap_or(true),
            meta_data: config.meta_data.clone().unwrap_or_default(),
            connector_id: connector(None),
        };
        let begun = chat_start::begin(
            &self.platform,
            self.caller.clone(),
            request,
            self.conversation_id.clone(),
        )?;
        let Begun {
            questions,
            mut performance,
            ..
        } = begun;
        let (listener, told) = mpsc::unbounded_channel();
        performance.listener = Some(listener);
        self.conversation_id = Some(performance.conversation_id.clone());
        self.turn = Some(Turn {
            chat_id: performance.chat_id.clone(),
            conversation_id: performance.conversation_id.clone(),
            told,
            voice: Some(Voice::default()),
        });
        self.platform.tasks.spawn(performance.run(Arc::clone(&self.platform)));
        say.extend(
            questions
                .iter()
                .map(|question| Down::with("conversation.message.completed", &StreamedMessage::delta(question))),
        );
        Ok(say)
    }

    /// Invented: nothing is said about it.
    fn remember(&mut self, message: EnterMessage) -> Result<Vec<Down>, ApiError> {
        let mut history = self.platform.history();
        let id = if let Some(id) = self.conversation_id.clone() {
            id
        } else {
            let bot_id = self.bot.map(|bot| bot.id.to_owned());
            let owner = self.caller.identity.clone();
            let conversation = conversations::new(&self.platform, owner, connector(None), bot_id);
            let id = conversation.id.clone();
            history.add_conversation(conversation);
            id
        };
        let conversation = history.conversation(&self.caller.identity, &id)?;
        let message = messages::added(&self.platform, conversation, message);
        conversation.messages.push(message);
        self.conversation_id = Some(id);
        Ok(vec![])
    }

    /// What was said since the last time is a question.
    fn listen(&mut self) -> Result<Vec<Down>, ApiError> {
        let content = self.ear.understand()?;
        let mut say = vec![
            Down::new("input_audio_buffer.completed"),
            Down::with(
                "conversation.audio_transcript.completed",
                &json!({ "content": content }),
            ),
        ];
        say.extend(self.ask(EnterMessage::of_user(content), BrokenOffBy::Speech)?);
        Ok(say)
    }

    fn clear(&mut self) -> Result<Vec<Down>, ApiError> {
        let mut say = self.break_off(BrokenOffBy::Cancel);
        if let Some(id) = &self.conversation_id {
            let mut history = self.platform.history();
            let conversation = history.conversation(&self.caller.identity, id)?;
            conversation.section_id = self.platform.ids.next();
        }
        say.push(Down::new("conversation.cleared"));
        Ok(say)
    }

    fn cancel(&mut self) -> Result<Vec<Down>, ApiError> {
        let say = self.break_off(BrokenOffBy::Cancel);
        if say.is_empty() {
            return Err(ApiError::NotCancelable);
        }
        Ok(say)
    }

    /// Ends the turn that is being told, if one is.
    fn break_off(&mut self, reason: BrokenOffBy) -> Vec<Down> {
        let Some(turn) = self.turn.take() else {
            return vec![];
        };
        let (asker, platform) = (&self.caller.identity, &self.platform);
        let canceled = platform
            .history()
            .cancel_chat(asker, &turn.conversation_id, &turn.chat_id)
            .is_ok();
        if !canceled {
            // It is over already, and only its last words are still to be told.
            self.turn = Some(turn);
            return vec![];
        }
        let msg = match reason {
            BrokenOffBy::Speech => "interrupted by the user's voice",
            BrokenOffBy::Cancel => "canceled by the user",
            BrokenOffBy::Message => "interrupted by a message",
        };
        let data = json!({ "code": reason as u8, "msg": msg }); // the texts are invented
        vec![Down::with(ChatStatus::Canceled.event(), &data)]
    }

    /// Speaks `text`, which is nobody's message: all its ids are "0" (captured).
    fn only_speak(&mut self, text: &str) -> Result<Vec<Down>, ApiError> {
        if text.is_empty() || text.len() >= LONGEST_SPEECH {
            return Err(ApiError::parameter("text has to have 1 to 1023 bytes"));
        }
        if let Some(turn) = &mut self.turn {
            turn.voice = None;
        }
        let voice = Voice {
            message: Some(nobodys_message()),
            ..Voice::default()
        };
        let mut say = voice.sentence(text);
        say.extend(voice.end());
        Ok(say)
    }

    fn tell(&mut self, told: Option<Told>) -> Vec<Down> {
        let Some(turn) = &mut self.turn else {
            return vec![];
        };
        match told {
            Some(Told::Chat(chat)) => {
                let event = Down::with(chat.status.event(), &StreamedChat::without_error(&chat));
                let voice = turn.voice.take_if(|_| chat.status == ChatStatus::Completed);
                let mut say = voice.map(Voice::end).unwrap_or_default();
                say.push(event);
                say
            }
            Some(Told::Delta(message)) => {
                let mut say = vec![Down::with(
                    "conversation.message.delta",
                    &StreamedMessage::delta(&message),
                )];
                if let Some(voice) = &mut turn.voice {
                    say.extend(voice.speak(message));
                }
                say
            }
            Some(Told::Completed(message)) => vec![Down::with(
                "conversation.message.completed",
                &StreamedMessage::delta(&message),
            )],
            Some(Told::Done) | None => {
                self.turn = None;
                vec![]
            }
        }
    }

    fn subscribed(&self, mut say: Vec<Down>) -> Vec<Down> {
        let subscribed = &self.settings.event_subscriptions;
        if !subscribed.is_empty() {
            say.retain(|down| subscribed.iter().any(|event_type| event_type == down.event_type));
        }
        say
    }
}

impl Session for ChatSession {
    fn open(&mut self) -> Result<Vec<Down>, ApiError> {
        let bot_id = required("bot_id", self.bot_id.as_ref())?;
        let allowed =
            self.caller.may(&self.platform, "chat").is_ok() && self.caller.may_use(&self.platform, bot_id).is_ok();
        // Captured for a bot of a workspace that the token does not cover (protocol 4.4); that a bot which does not exist is
        // one of these is inferred.
        let bot = bots::find(bot_id).filter(|_| allowed).ok_or(ApiError::NoAccess)?;
        if !bot.published {
            return Err(ApiError::BotNotPublished);
        }
        self.bot = Some(bot);
        Ok(vec![Down::new("chat.created")])
    }

    fn hear(&mut self, event: Up) -> Result<Vec<Down>, ApiError> {
        #[derive(Deserialize)]
        struct ToSpeak {
            text: String,
        }
        let say = match event.event_type.as_str() {
            "chat.update" => self.update(event),
            "conversation.message.create" => self.message(event.data()?),
            "conversation.clear" => self.clear(),
            "conversation.chat.cancel" => self.cancel(),
            "input_text.generate_audio" => self.only_speak(&event.data::<ToSpeak>()?.text),
            "input_audio_buffer.complete" => self.listen(),
            // Invented: the demo bots ask for no tool.
            "conversation.chat.submit_tool_outputs" => Err(ApiError::NotCancelable),
            _ => fill(&mut self.ear, event),
        };
        say.map(|say| self.subscribed(say))
    }

    async fn next(&mut self) -> Vec<Down> {
        let Some(turn) = &mut self.turn else {
            return pending().await;
        };
        let told = turn.told.recv().await;
        let say = self.tell(told);
        self.subscribed(say)
    }
}

impl Voice {
    /// Adds a part of an answer, and speaks the sentences that it completes.
    fn speak(&mut self, delta: Message) -> Vec<Down> {
        let sentences = self.sentences.add(&delta.content);
        self.message.get_or_insert_with(|| spoken(delta));
        sentences.iter().flat_map(|sentence| self.sentence(sentence)).collect()
    }

    fn sentence(&self, text: &str) -> Vec<Down> {
        let mut say = vec![Down::with(
            "conversation.audio.sentence_start",
            &json!({ "text": text }),
        )];
        say.extend(speak(text).into_iter().filter_map(|content| {
            let message = Message {
                content,
                ..self.message.clone()?
            };
            Some(Down::with(
                "conversation.audio.delta",
                &StreamedMessage::delta(&message),
            ))
        }));
        say
    }

    /// Speaks what is left.
    fn end(mut self) -> Vec<Down> {
        let rest = self.sentences.rest();
        let mut say = rest.map(|text| self.sentence(&text)).unwrap_or_default();
        if let Some(message) = &self.message {
            say.push(Down::with(
                "conversation.audio.completed",
                &StreamedMessage::delta(message),
            ));
        }
        say
    }
}

/// Returns the message that sound belongs to, without the sound.
fn spoken(answer: Message) -> Message {
    Message {
        content: String::new(),
        content_type: "audio".to_owned(),
        ..answer
    }
}

fn nobodys_message() -> Message {
    let zero = || "0".to_owned();
    spoken(Message {
        id: zero(),
        conversation_id: zero(),
        section_id: zero(),
        bot_id: zero(),
        chat_id: zero(),
        role: Role::Assistant,
        kind: "answer".to_owned(),
        content: String::new(),
        content_type: String::new(),
        meta_data: MetaData::new(),
        created_at: 0,
        updated_at: 0,
    })
}
