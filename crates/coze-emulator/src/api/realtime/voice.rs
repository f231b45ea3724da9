//! The double's voice and ear: text to sound and back.
//!
//! Invented, all of it. The sound is what the platform sends by default, PCM of 16 bits, mono, 24 kHz, and holds one step of
//! 10 ms per byte of the text. So what was spoken here can be heard here, whole, and a test sees whether every byte of a
//! sound came through. Other codecs than PCM are accepted in settings and not spoken.

use crate::envelope::ApiError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ops::Range;

/// Bytes per byte of text: 240 samples of two bytes.
const STEP: usize = 480;
/// How loud one unit of a byte is.
const VOLUME: i16 = 64;
/// Sound in one event; captured events have up to 12 kB.
const MOST_BYTES_OF_AN_EVENT: usize = 12_000;
const WAV_HEADER: usize = 44;

/// Returns `text` as sound, in parts that fit into one event each, Base64.
pub(super) fn speak(text: &str) -> Vec<String> {
    let sound: Vec<u8> = text
        .bytes()
        .flat_map(|byte| {
            let sample = (i16::from(byte) * VOLUME).to_le_bytes();
            sample.into_iter().cycle().take(STEP)
        })
        .collect();
    sound
        .chunks(MOST_BYTES_OF_AN_EVENT)
        .map(|part| STANDARD.encode(part))
        .collect()
}

/// Collects sound until somebody asks what was said.
#[derive(Debug, Default)]
pub(super) struct Ear {
    heard: Vec<u8>,
}

impl Ear {
    /// Adds Base64 of sound.
    pub(super) fn hear(&mut self, delta: &str) -> Result<(), ApiError> {
        let sound = STANDARD
            .decode(delta)
            .map_err(|error| ApiError::parameter(error.to_string()))?;
        self.heard.extend(sound);
        Ok(())
    }

    pub(super) fn forget(&mut self) {
        self.heard.clear();
    }

    /// Returns what was said since the last time, in words. A voice that is not ours is told by its length.
    pub(super) fn understand(&mut self) -> Result<String, ApiError> {
        let heard = std::mem::take(&mut self.heard);
        if heard.is_empty() {
            return Err(ApiError::parameter("the audio buffer is empty"));
        }
        let sound = if heard.starts_with(b"RIFF") {
            heard.get(WAV_HEADER..).unwrap_or_default()
        } else {
            &heard
        };
        Ok(own_words(sound)
            .unwrap_or_else(|| format!("我听到 {0} 字节的声音。I heard {0} bytes of sound.", heard.len())))
    }
}

fn own_words(sound: &[u8]) -> Option<String> {
    let bytes = sound.chunks(STEP).map(|step| {
        let first = step.get(Range { start: 0, end: 2 })?;
        let is_flat = step.len() == STEP && step.chunks(2).all(|sample| sample == first);
        let sample = i16::from_le_bytes(first.try_into().ok()?);
        let is_ours = is_flat && sample % VOLUME == 0;
        is_ours.then(|| u8::try_from(sample / VOLUME).ok()).flatten()
    });
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?)
        .ok()
        .filter(|text| !text.is_empty())
}

/// Cuts what is said, delta by delta, into sentences to be spoken.
#[derive(Debug, Default)]
pub(super) struct Sentences {
    begun: String,
}

impl Sentences {
    /// Adds `text`; returns the sentences that are complete now.
    pub(super) fn add(&mut self, text: &str) -> Vec<String> {
        self.begun.push_str(text);
        let mut complete = Vec::new();
        while let Some(end) = self.begun.find(['。', '！', '？', '!', '?', '\n']) {
            let end = self.begun.ceil_char_boundary(end + 1);
            complete.push(self.begun.drain(..end).collect());
        }
        complete
    }

    /// Returns what was begun and will not be continued.
    pub(super) fn rest(&mut self) -> Option<String> {
        Some(std::mem::take(&mut self.begun)).filter(|text| !text.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(parts: &[String]) -> String {
        let mut ear = Ear::default();
        for part in parts {
            ear.hear(part).unwrap();
        }
        ear.understand().unwrap()
    }

    #[test]
    fn what_is_spoken_here_is_heard_here() {
        let text = "今天天气不错。And tomorrow?";
        let parts = speak(text);

        assert!(parts.len() > 1);
        assert_eq!(heard(&parts), text);
    }

    #[test]
    fn another_voice_is_told_by_its_length() {
        let sound = STANDARD.encode([1, 2, 3]);

        assert!(heard(&[sound]).contains("3 bytes"));
        assert!(Ear::default().understand().is_err());
        assert!(Ear::default().hear("no base64!").is_err());
    }

    #[test]
    fn sentences_end_where_they_end() {
        let mut sentences = Sentences::default();

        assert!(sentences.add("你").is_empty());
        assert_eq!(sentences.add("好。How are"), ["你好。"]);
        assert_eq!(sentences.add(" you? And"), ["How are you?"]);
        assert_eq!(sentences.rest().as_deref(), Some(" And"));
        assert_eq!(sentences.rest(), None);
    }
}
