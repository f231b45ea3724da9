//! The platform's place: answers as quickly as it can, and knows exactly what it has sent.
//!
//! | file | owns |
//! |---|---|
//! | [`serve`] | the connections of the API, in clear and with TLS, and of the small service that nginx asks for a credential |
//! | [`emitter`] | event streams that have been opened, and the schedule by which their events leave |
//!
//! It runs in this program, on threads of its own: so a measure can wait for what has arrived here, and read its clock.

mod emitter;
mod serve;

pub(crate) use emitter::{Plan, time_of};
pub(crate) use serve::Stub;

/// What stands in place of a user's access token behind a proxy that has no users.
pub(crate) const CONSTANT_TOKEN: &str = "czs_bench_constant";

/// The answer to every API call: 1 KiB of JSON in the platform's envelope.
pub(crate) fn json_body() -> Vec<u8> {
    let (start, end) = (r#"{"code":0,"msg":"","data":{"content":""#, r#""}}"#);
    let filling = 1024 - start.len() - end.len();
    let text = "Coze answers. ".chars().cycle().take(filling);
    start
        .chars()
        .chain(text)
        .chain(end.chars())
        .collect::<String>()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::json_body;

    #[test]
    fn answer_is_one_kibibyte_of_json() {
        let body = json_body();

        assert_eq!(body.len(), 1024);
        serde_json::from_slice::<serde_json::Value>(&body).unwrap();
    }
}
