//! The visitor policy as strangers meet it: what one anonymous handle may do, and what never reaches the platform.
//!
//! | file | suite |
//! |---|---|
//! | `rows` | the ten findings of the security review, each in a test named after it |
//! | `matrix` | every operation of the table, by each grade that a handle can have |
//! | `good` | what the clients sent when they were recorded: nothing of it is refused |
//! | `ids` | ids of other visitors, at a platform that does not keep visitors apart |
//! | `sites` | every request with something of another site |

mod good;
mod ids;
mod matrix;
mod rows;
mod sites;

use crate::world::{Answer, SITE, World, send};
use coze_emulator::Emulator;
use serde_json::Value;

/// A visitor's session at a gateway in public mode.
pub struct Visitor {
    pub handle: String,
    pub user: String,
    pub session: Value,
}

impl Visitor {
    /// Opens a session from a page at `origin`, behind the reverse proxy.
    pub async fn of(world: &World, origin: &str, body: &str) -> Self {
        let answer = open(world, &format!("Origin: {origin}\r\n"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let session = answer.json();
        Self {
            handle: session["handle"].as_str().unwrap().to_owned(),
            user: session["user"]["id"].as_str().unwrap().to_owned(),
            session,
        }
    }

    /// Opens a session of the site that [`World::public`] serves.
    pub async fn new(world: &World) -> Self {
        Self::of(world, SITE, "{}").await
    }

    /// Asks the proxy, with `fields` beside the usual ones.
    pub async fn ask(&self, world: &World, line: &str, fields: &str, body: &[u8]) -> Answer {
        let length = match (line.split(' ').next(), body.len()) {
            (Some("GET" | "DELETE" | "HEAD"), 0) => String::new(),
            (_, length) => format!("Content-Length: {length}\r\n"),
        };
        let mut request = format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{fields}{length}\r\n",
            world.proxy, self.handle
        )
        .into_bytes();
        request.extend_from_slice(body);
        crate::world::send_bytes(world.proxy, &request).await
    }

    /// The same with a JSON body.
    pub async fn json(&self, world: &World, line: &str, body: &Value) -> Answer {
        self.ask(world, line, JSON, body.to_string().as_bytes()).await
    }
}

/// The field of a JSON body.
pub const JSON: &str = "Content-Type: application/json\r\n";

/// Asks for a session at a gateway in public mode.
pub async fn open(world: &World, fields: &str, body: &str) -> Answer {
    let request = format!(
        "POST /auth/session HTTP/1.1\r\nHost: chat.example\r\nX-Forwarded-For: 203.0.113.7\r\n{fields}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    send(world.auth, &request).await
}

/// What the platform has heard but for requests for tokens.
pub fn calls(emulator: &Emulator) -> usize {
    let entries = emulator.journal().entries();
    entries.iter().filter(|entry| !entry.is_token_request()).count()
}

/// Checks that an answer is a refusal of the policy with this problem, and that no SDK takes it for a dead token.
#[track_caller]
pub fn assert_refused(answer: &Answer, status: u16, problem: &str) {
    let json = answer.json();
    assert_eq!(
        (answer.status, &json["type"]),
        (status, &Value::from(format!("urn:cozegate:problem:{problem}"))),
        "{}",
        answer.text()
    );
    if status == 403 {
        assert_eq!(json["code"], 990_403, "{}", answer.text());
    }
}
