//! Events of a WebSocket conversation as they look on the wire (protocol 6.11): one JSON object in one text frame.

use crate::envelope::ApiError;
use crate::platform::Platform;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a client says. The `id` it may send with it is answered by none.
#[derive(Debug, Deserialize)]
pub(super) struct Up {
    pub(super) event_type: String,
    #[serde(default)]
    data: Value,
}

impl Up {
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        serde_json::from_str(text).map_err(|error| ApiError::parameter(error.to_string()))
    }

    /// Returns `data`, which is an object where there is one.
    pub(super) fn data<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        serde_json::from_value(self.data).map_err(|error| ApiError::parameter(error.to_string()))
    }

    /// Invented: an event that the connection does not know is a parameter error and ends nothing.
    pub(super) fn refuse(&self) -> ApiError {
        ApiError::parameter(format!("event_type {} is unknown here", self.event_type))
    }
}

/// `{"delta":"…"}`, up and down.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Delta {
    pub(super) delta: String,
}

/// What the platform says: everything but the id, the log id and the time, which it gets when it leaves.
#[derive(Debug)]
pub(super) struct Down {
    pub(super) event_type: &'static str,
    /// JSON.
    data: Option<String>,
    /// JSON text of what was refused.
    origin_message: Option<String>,
}

impl Down {
    pub(super) fn new(event_type: &'static str) -> Self {
        Self {
            event_type,
            data: None,
            origin_message: None,
        }
    }

    pub(super) fn with(event_type: &'static str, data: &impl Serialize) -> Self {
        let data = serde_json::to_string(data).inspect_err(|error| {
            tracing::error!(%error, event_type, "Could not write an event");
        });
        Self {
            data: data.ok(),
            ..Self::new(event_type)
        }
    }

    /// The `error` event; `origin_message` is what caused it, if a message did.
    pub(super) fn error(error: &ApiError, origin_message: Option<&str>) -> Self {
        Self {
            origin_message: origin_message.map(str::to_owned),
            ..Self::with("error", &json!({ "code": error.code(), "msg": error.to_string() }))
        }
    }

    /// Returns the text of the frame, in the captured order of members. `respond_at` is a string.
    pub(super) fn frame(&self, platform: &Platform, log_id: &str) -> String {
        let (event_type, id, at) = (self.event_type, platform.ids.event_id(), platform.clock.now_millis());
        let data = self.data.as_ref().map(|data| format!(r#""data":{data},"#));
        let origin = self.origin_message.as_ref();
        let origin = origin.map(|text| format!(r#","origin_message":{}"#, Value::from(text.as_str())));
        format!(
            r#"{{"event_type":"{event_type}","id":"{id}",{}"detail":{{"logid":"{log_id}","respond_at":"{at}"{}}}}}"#,
            data.unwrap_or_default(),
            origin.unwrap_or_default()
        )
    }
}
