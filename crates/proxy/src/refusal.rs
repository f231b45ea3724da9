//! Does an answer say that the platform refuses our token? Pure.
//!
//! It does so in two ways: HTTP 401, or a JSON body with one of three codes, often with HTTP 200 (protocol 4.3, 4.4). The
//! same code 4101 also says that a permission is missing; a new token would not help there, and asking for one on each
//! would be a storm.

use super::body::Answer;
use http::{Response, StatusCode};
use memchr::memmem::Finder;
use serde::Deserialize;
use std::sync::LazyLock;

/// The members that tell.
#[derive(Deserialize)]
struct ReportedProblem {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    msg: String,
}

/// Whether the platform refuses the token that the request carried.
pub(super) fn refuses_token(answer: &Response<Answer>) -> bool {
    let is_unauthorized = answer.status() == StatusCode::UNAUTHORIZED;
    let text = answer.body().whole().unwrap_or_default();
    if !is_unauthorized && !may_hold_code(text) {
        return false;
    }
    match serde_json::from_slice::<ReportedProblem>(text) {
        Ok(told) => match told.code {
            4100 | 700_012_006 => true,
            4101 => told.msg.contains("incorrect"),
            _ => is_unauthorized && told.code == 0,
        },
        Err(_) => is_unauthorized,
    }
}

/// A quick look for a member `code` that is not 0. Within a JSON text the quotes would be escaped, so what is found is a
/// member, if perhaps not the outer one.
fn may_hold_code(text: &[u8]) -> bool {
    // Making it costs more than most searches.
    static MEMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"code\":"));
    let length = MEMBER.needle().len();
    let mut found = MEMBER.find_iter(text);
    found.any(|at| text.get(at + length).is_some_and(|byte| *byte != b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn answer(status: u16, body: &str) -> Response<Answer> {
        let body = Answer::from(Bytes::copy_from_slice(body.as_bytes()));
        Response::builder().status(status).body(body).unwrap()
    }

    #[test]
    fn refusals_of_a_token_are_told_from_everything_else() {
        let refusals = [
            (401, r#"{"code":700012006,"msg":"access token invalid"}"#),
            (401, r#"{"code":4100,"msg":"authentication is invalid"}"#),
            (200, r#"{"code": 4100, "msg": "authentication is invalid"}"#),
            (
                200,
                r#"{"code":4101,"msg":"The token you entered is incorrect. Please double-check"}"#,
            ),
            (
                200,
                r#"{"msg":"access token invalid","detail":{"logid":"1"},"code":700012006}"#,
            ),
            (401, ""),
            (401, "<html>"),
            (401, "{}"),
        ];
        let others = [
            (200, r#"{"code":0,"msg":"","data":{"content":"{\"code\":4100}"}}"#),
            (200, r#"{"code":0,"data":{"code":4100}}"#),
            (
                200,
                r#"{"code":4101,"msg":"Your token does not have permission to access space_id=7 createBot."}"#,
            ),
            (
                401,
                r#"{"code":4101,"msg":"Your token does not have permission to access resource."}"#,
            ),
            (
                401,
                r#"{"code":4200,"msg":"Requested resource bot_id=1 does not exist."}"#,
            ),
            (
                200,
                r#"{"code":4200,"msg":"Requested resource bot_id=1 does not exist."}"#,
            ),
            (200, r#"{"code":4016,"msg":"running"}"#),
            (403, ""),
            (200, ""),
            (500, r#"{"code":5000}"#),
        ];

        let missed: Vec<_> = refusals
            .iter()
            .filter(|(status, body)| !refuses_token(&answer(*status, body)))
            .collect();
        let mistaken: Vec<_> = others
            .iter()
            .filter(|(status, body)| refuses_token(&answer(*status, body)))
            .collect();

        println!(
            "answers: refusals tried {} / missed {}; others tried {} / mistaken {}",
            refusals.len(),
            missed.len(),
            others.len(),
            mistaken.len()
        );
        assert_eq!((missed, mistaken), (vec![], vec![]));
    }
}
