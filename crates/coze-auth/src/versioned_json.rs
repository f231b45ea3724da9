//! JSON with a format number: the stored form of tokens, their keys and pending logins.
//!
//! The types themselves have no `Serialize`: serializing a secret is an explicit call of `to_secret_bytes`.

use crate::box_error::BoxError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The format that is written, and the only one so far that is read.
const FORMAT: u8 = 1;

/// Room for all but absurd texts, so that a growing buffer does not leave pieces of a secret behind.
const USUAL_SIZE: usize = 16 * 1024;

#[derive(Serialize)]
struct Framed<'a, T> {
    format: u8,
    #[serde(flatten)]
    content: &'a T,
}

#[derive(Deserialize)]
struct Format {
    format: u8,
}

/// Why bytes are not what was written. Says nothing about their content.
#[derive(Clone, Debug, thiserror::Error)]
#[error("what was written down cannot be read")]
pub struct UnreadableBytes {
    #[source]
    source: Arc<BoxError>,
}

impl UnreadableBytes {
    pub(crate) fn new(source: impl Into<BoxError>) -> Self {
        Self {
            source: Arc::new(source.into()),
        }
    }
}

/// Writes `content`; the memory is wiped afterwards.
pub(crate) fn write(content: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(USUAL_SIZE));
    let framed = Framed {
        format: FORMAT,
        content,
    };
    // Texts, numbers and lists always have a JSON form.
    if let Err(error) = serde_json::to_writer(&mut *bytes, &framed) {
        tracing::error!(%error, "Could not write a token down");
        bytes.clear();
    }
    bytes
}

/// Reads what `write` wrote. The reader's own words are not kept, since they may quote.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, UnreadableBytes> {
    let Format { format } = serde_json::from_slice(bytes).map_err(|_| UnreadableBytes::new("no format number"))?;
    if format != FORMAT {
        return Err(UnreadableBytes::new(format!("format {format} is not known here")));
    }
    serde_json::from_slice(bytes).map_err(|_| UnreadableBytes::new("a part is missing or of another kind"))
}
