//! Carries out one fault on one request.

use super::rule::Fault;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderName, HeaderValue, header};
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What happens to one request; nothing at all for most.
#[derive(Debug)]
pub(crate) struct Strike {
    fault: Fault,
}

impl Strike {
    pub(super) fn new(fault: Fault) -> Self {
        Self { fault }
    }

    /// Waits as long as the fault says, or until the platform stops.
    pub(crate) async fn delay(&self, stopping: &CancellationToken) {
        wait(self.fault.delay_ms, stopping).await;
    }

    /// The same between what the platform did and its answer.
    pub(crate) async fn delay_answer(&self, stopping: &CancellationToken) {
        wait(self.fault.answer_delay_ms, stopping).await;
    }

    /// Returns by how much the platform's clock is wrong while it answers.
    pub(crate) fn clock_skew_seconds(&self) -> i64 {
        self.fault.clock_skew_seconds.unwrap_or(0)
    }

    /// Returns the answer that replaces the platform's.
    pub(crate) fn answer(&self) -> Option<Response> {
        let mut response = Response::new(Body::from(self.fault.body.clone().unwrap_or_default()));
        *response.status_mut() = self.fault.replaced_status()?;
        let content_type = self.fault.content_type.as_deref().unwrap_or("application/json");
        let content_type = [(header::CONTENT_TYPE.as_str(), content_type)];
        let headers = self
            .fault
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in content_type.into_iter().chain(headers) {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        Some(response)
    }

    /// Lets the connection break before the answer's first byte, or inside its body if that is long enough, where the
    /// fault says so.
    pub(crate) fn spoil(&self, response: Response) -> Response {
        if self.fault.drop_answer {
            // The server joins head and body before it writes. A body that fails at once takes the head with it.
            return response.map(|_| Body::from_stream(stream::iter([Err::<Bytes, _>(Cut)])));
        }
        let Some(limit) = self.fault.cut_after_bytes else {
            return response;
        };
        response.map(|body| Body::from_stream(cut_after(body.into_data_stream(), limit)))
    }
}

async fn wait(millis: Option<u64>, stopping: &CancellationToken) {
    if let Some(millis) = millis {
        stopping.run_until_cancelled(sleep(Duration::from_millis(millis))).await;
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the answer was cut, as a fault rule ordered")]
struct Cut;

/// Passes `limit` bytes of `body`, then fails, which makes the server drop the connection.
fn cut_after(
    body: impl Stream<Item = Result<Bytes, axum::Error>> + Send + Unpin,
    limit: usize,
) -> impl Stream<Item = Result<Bytes, axum::BoxError>> + Send {
    stream::unfold(Some((body, limit)), |state| async {
        let (mut body, left) = state?;
        if left == 0 {
            // The server writes what it has only when the body has nothing to add for the moment: without this pause
            // the failure would overtake the bytes before it.
            yield_now().await;
            return Some((Err(Cut.into()), None));
        }
        match body.next().await? {
            Ok(mut chunk) => {
                chunk.truncate(left);
                let left = left - chunk.len();
                Some((Ok(chunk), Some((body, left))))
            }
            Err(error) => Some((Err(error.into()), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn body_shorter_than_the_cut_stays_whole() {
        let body = stream::iter([Ok(Bytes::from_static(b"abc")), Ok(Bytes::from_static(b"de"))]);

        let parts: Vec<_> = cut_after(body, 6).collect().await;

        assert_eq!(parts.len(), 2);
        assert!(parts.iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn cut_falls_inside_a_chunk() {
        let body = stream::iter([Ok(Bytes::from_static(b"abc")), Ok(Bytes::from_static(b"de"))]);

        let parts: Vec<_> = cut_after(body, 4).collect().await;

        let passed: Vec<u8> = parts.iter().flatten().flatten().copied().collect();
        assert_eq!(passed, b"abcd");
        assert!(parts.last().unwrap().is_err());
    }
}
