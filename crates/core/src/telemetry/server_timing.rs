//! `Server-Timing` for whoever asks with `X-Cozegate-Inspect`: how long a request took where (W3C Server Timing).
//!
//! The chat page's inspector shows it to people who look for the slow part. It tells nothing that its reader could not
//! measure, except whether a token had to be waited for.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// With this field a caller asks to be told. Every request is looked at for it, so the name is made once.
pub static INSPECT: HeaderName = HeaderName::from_static("x-cozegate-inspect");

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Where the time of one request goes.
#[derive(Debug, Default)]
pub struct ServerTiming {
    /// For a token, when there was none at hand.
    credential: Option<Duration>,
}

impl ServerTiming {
    pub fn waited_for_credential(&mut self, time: Duration) {
        *self.credential.get_or_insert_default() += time;
    }

    /// Writes the field into the head of an answer that is ready `now`; what the platform wrote there goes.
    pub fn write(&self, headers: &mut HeaderMap, began: Instant, sent: Option<Instant>, now: Instant) {
        let (kind, credential) = match self.credential {
            Some(time) => ("awaited", time),
            None => ("at hand", Duration::ZERO),
        };
        let upstream = sent.map_or(Duration::ZERO, |sent| now - sent);
        let own = (now - began).saturating_sub(credential + upstream);
        let mut field = String::new();
        // Writing into a String cannot fail.
        let _infallible = write!(
            field,
            "token;desc=\"{kind}\";dur={:.1}, upstream;dur={:.1}, cozegate;dur={:.1}",
            milliseconds(credential),
            milliseconds(upstream),
            milliseconds(own)
        );
        if let Ok(field) = HeaderValue::from_str(&field) {
            headers.insert(SERVER_TIMING, field);
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(timing: &ServerTiming, sent: Option<u64>, now: u64) -> String {
        let began = Instant::now();
        let at = |millis| began + Duration::from_millis(millis);
        let mut headers = HeaderMap::from_iter([(SERVER_TIMING, HeaderValue::from_static("theirs;dur=1"))]);
        timing.write(&mut headers, began, sent.map(at), at(now));
        assert_eq!(headers.get_all(SERVER_TIMING).iter().count(), 1);
        headers[SERVER_TIMING].to_str().unwrap().to_owned()
    }

    #[test]
    fn time_is_split_into_token_upstream_and_the_rest() {
        let mut waited = ServerTiming::default();
        waited.waited_for_credential(Duration::from_millis(30));

        assert_eq!(
            written(&waited, Some(35), 100),
            "token;desc=\"awaited\";dur=30.0, upstream;dur=65.0, cozegate;dur=5.0"
        );
        assert_eq!(
            written(&ServerTiming::default(), None, 2),
            "token;desc=\"at hand\";dur=0.0, upstream;dur=0.0, cozegate;dur=2.0"
        );
    }
}
