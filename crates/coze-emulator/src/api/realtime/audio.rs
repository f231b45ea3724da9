//! The connections that turn text into sound and sound into text (protocol 6.11). Each turn is answered at once.

use super::connection::Session;
use super::event::{Delta, Down, Up};
use super::voice::{Ear, speak};
use crate::envelope::ApiError;
use serde_json::{Value, json};
use std::future::pending;

/// `/v1/audio/speech`: speaks what it is given.
#[derive(Debug, Default)]
pub(super) struct Speech {
    text: String,
}

/// `/v1/audio/transcriptions`: writes down what it hears.
#[derive(Debug, Default)]
pub(super) struct Transcription {
    ear: Ear,
}

/// `/v1/audio/simult_interpretation`: writes down what it hears and says it in another language. The order of its events
/// is invented.
#[derive(Debug, Default)]
pub(super) struct Interpretation {
    ear: Ear,
    /// `translate_config.to`
    to: Option<String>,
}

impl Session for Speech {
    fn open(&mut self) -> Result<Vec<Down>, ApiError> {
        Ok(vec![Down::new("speech.created")])
    }

    fn hear(&mut self, event: Up) -> Result<Vec<Down>, ApiError> {
        match event.event_type.as_str() {
            "speech.update" => Ok(vec![settled("speech.updated", event)?]),
            "input_text_buffer.append" => {
                self.text.push_str(&event.data::<Delta>()?.delta);
                Ok(vec![])
            }
            "input_text_buffer.complete" => {
                let text = std::mem::take(&mut self.text);
                if text.is_empty() {
                    return Err(ApiError::parameter("the text buffer is empty"));
                }
                let mut say = vec![
                    Down::new("input_text_buffer.completed"),
                    Down::with("conversation.audio.sentence_start", &json!({ "text": text })),
                ];
                say.extend(sound("speech.audio.update", &text));
                say.push(Down::new("speech.audio.completed"));
                Ok(say)
            }
            _ => Err(event.refuse()),
        }
    }

    fn next(&mut self) -> impl Future<Output = Vec<Down>> + Send {
        pending()
    }
}

impl Session for Transcription {
    fn open(&mut self) -> Result<Vec<Down>, ApiError> {
        Ok(vec![Down::new("transcriptions.created")])
    }

    fn hear(&mut self, event: Up) -> Result<Vec<Down>, ApiError> {
        match event.event_type.as_str() {
            "transcriptions.update" => Ok(vec![settled("transcriptions.updated", event)?]),
            "input_audio_buffer.complete" => {
                let content = self.ear.understand()?;
                Ok(vec![
                    Down::new("input_audio_buffer.completed"),
                    Down::with("transcriptions.message.update", &json!({ "content": content })),
                    Down::new("transcriptions.message.completed"),
                ])
            }
            _ => fill(&mut self.ear, event),
        }
    }

    fn next(&mut self) -> impl Future<Output = Vec<Down>> + Send {
        pending()
    }
}

impl Session for Interpretation {
    fn open(&mut self) -> Result<Vec<Down>, ApiError> {
        Ok(vec![Down::new("simult_interpretation.created")])
    }

    fn hear(&mut self, event: Up) -> Result<Vec<Down>, ApiError> {
        match event.event_type.as_str() {
            "simult_interpretation.update" => {
                let settings: Value = event.data()?;
                let to = settings.pointer("/translate_config/to").and_then(Value::as_str);
                self.to = to.map(str::to_owned);
                Ok(vec![Down::with("simult_interpretation.updated", &settings)])
            }
            "input_audio_buffer.complete" => {
                let text = self.ear.understand()?;
                // Invented: it knows no language, so it says which one it would have used.
                let translation = format!("[{}] {text}", self.to.as_deref().unwrap_or("en"));
                let delta = |event_type, text: &str| {
                    let delta = text.to_owned();
                    Down::with(event_type, &Delta { delta })
                };
                let mut say = vec![
                    Down::new("input_audio_buffer.completed"),
                    delta("simult_interpretation.transcription.delta", &text),
                    delta("simult_interpretation.translation.delta", &translation),
                ];
                say.extend(sound("simult_interpretation.audio.delta", &translation));
                say.push(Down::new("simult_interpretation.message.completed"));
                Ok(say)
            }
            _ => fill(&mut self.ear, event),
        }
    }

    fn next(&mut self) -> impl Future<Output = Vec<Down>> + Send {
        pending()
    }
}

/// Fills or empties `ear`, which every connection that hears does in the same way.
pub(super) fn fill(ear: &mut Ear, event: Up) -> Result<Vec<Down>, ApiError> {
    match event.event_type.as_str() {
        "input_audio_buffer.append" => {
            ear.hear(&event.data::<Delta>()?.delta)?;
            Ok(vec![])
        }
        "input_audio_buffer.clear" => {
            ear.forget();
            Ok(vec![Down::new("input_audio_buffer.cleared")])
        }
        _ => Err(event.refuse()),
    }
}

/// Answers settings with themselves. What the double has no use for it accepts.
fn settled(event_type: &'static str, update: Up) -> Result<Down, ApiError> {
    Ok(Down::with(event_type, &update.data::<Value>()?))
}

fn sound(event_type: &'static str, text: &str) -> impl Iterator<Item = Down> {
    speak(text)
        .into_iter()
        .map(move |delta| Down::with(event_type, &Delta { delta }))
}
