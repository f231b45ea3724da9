//! Constant answers and credentials of the stub.

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
