//! A token endpoint that answers what the test says and remembers what it was asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, Request, Response, Uri};
use coze_auth::{Clock, ManualClock, UnixSeconds};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

/// What the platform was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

impl Asked {
    /// The assertion behind `Bearer `.
    pub(crate) fn assertion(&self) -> &str {
        self.authorization.strip_prefix("Bearer ").unwrap()
    }

    /// A claim of the assertion, unverified.
    pub(crate) fn claim(&self, name: &str) -> Value {
        use base64::Engine as _;
        let payload = self.assertion().split('.').nth(1).unwrap();
        let json = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(payload)
            .unwrap();
        serde_json::from_slice::<Value>(&json).unwrap()[name].clone()
    }
}

/// What the platform answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string(),
        }
    }

    pub(crate) fn refusal(status: u16, error_code: &str, error_message: &str) -> Self {
        let body = json!({ "error_code": error_code, "error_message": error_message, "error": error_code });
        Self::json(status, &body).with("x-tt-logid", "20261122000000ABCDEF")
    }

    /// The answer to a login or its renewal, `number` in both tokens.
    pub(crate) fn pair(number: u32, expires_at: UnixSeconds) -> Self {
        Self::json(
            200,
            &json!({
                "access_token": format!("czu_{number}"),
                "refresh_token": format!("refresh_{number}"),
                "expires_in": expires_at.0,
                "token_type": "Bearer"
            }),
        )
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

pub(crate) struct Platform {
    pub(crate) base: Url,
    shared: Arc<Shared>,
}

struct Shared {
    clock: ManualClock,
    asked: Mutex<Vec<Asked>>,
    asked_count: watch::Sender<usize>,
    script: Mutex<VecDeque<Answer>>,
    is_open: watch::Sender<bool>,
    in_flight: Mutex<InFlight>,
}

#[derive(Default)]
struct InFlight {
    now: usize,
    most: usize,
}

impl Platform {
    /// Starts a platform that issues tokens of a quarter of an hour, `czs_1`, `czs_2` and so on.
    pub(crate) async fn start(clock: &ManualClock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let shared = Arc::new(Shared {
            clock: clock.clone(),
            asked: Mutex::default(),
            asked_count: watch::Sender::new(0),
            script: Mutex::default(),
            is_open: watch::Sender::new(true),
            in_flight: Mutex::default(),
        });
        let service = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        drop(tokio::runtime::Handle::current().spawn(async move { axum::serve(listener, service).await }));
        Self { base, shared }
    }

    /// Makes the next request get this answer, after those already in the script.
    pub(crate) fn next(&self, answer: Answer) {
        self.shared.script.lock().unwrap().push_back(answer);
    }

    /// Takes the first answer out of the script again.
    pub(crate) fn take_back(&self) {
        self.shared.script.lock().unwrap().pop_front();
    }

    /// Keeps all answers back until `release`.
    pub(crate) fn hold(&self) {
        self.shared.is_open.send_replace(false);
    }

    pub(crate) fn release(&self) {
        self.shared.is_open.send_replace(true);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub(crate) fn times_asked(&self) -> usize {
        self.shared.asked.lock().unwrap().len()
    }

    pub(crate) async fn wait_until_asked(&self, times: usize) {
        self.shared
            .asked_count
            .subscribe()
            .wait_for(|count| *count >= times)
            .await
            .unwrap();
    }

    pub(crate) fn most_at_a_time(&self) -> usize {
        self.shared.in_flight.lock().unwrap().most
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| {
        head.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
            .to_owned()
    };
    let number = {
        let mut asked = shared.asked.lock().unwrap();
        asked.push(Asked {
            authorization: header("authorization"),
            content_type: header("content-type"),
            method: head.method,
            uri: head.uri,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        });
        asked.len()
    };
    {
        let mut in_flight = shared.in_flight.lock().unwrap();
        in_flight.now += 1;
        in_flight.most = in_flight.most.max(in_flight.now);
    }
    shared.asked_count.send_replace(number);
    shared.is_open.subscribe().wait_for(|is_open| *is_open).await.unwrap();
    shared.in_flight.lock().unwrap().now -= 1;
    let scripted = shared.script.lock().unwrap().pop_front();
    let answer = scripted.unwrap_or_else(|| {
        let expires_in = shared.clock.now().0 + 900;
        let body = json!({
            "access_token": format!("czs_{number}"), "expires_in": expires_in, "token_type": "Bearer"
        });
        Answer::json(200, &body)
    });
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}
