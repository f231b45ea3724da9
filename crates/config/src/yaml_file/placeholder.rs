//! `${VARIABLE}` and `${VARIABLE:default}` inside values.
//!
//! A secret that is nothing but a variable stays one: it is read under `<key>_env`, so that nobody calls it written
//! into the file and `init` keeps it where it is.

use super::super::env::Environment;
use super::super::tree::{Node, Value};

/// Fills in the variables of `node`, the value of `key`; answers the key under which it is to be read. The error is the
/// name of a variable that is not set.
pub(super) fn resolve(key: &'static str, node: &mut Node, environment: &Environment) -> Result<&'static str, String> {
    let Value::Text(text) = &mut node.value else {
        return Ok(key);
    };
    if let (Some(variable), Some(by_name)) = (only_variable(text), by_name(key)) {
        *text = variable.to_owned();
        return Ok(by_name);
    }
    *text = fill(text, environment)?;
    Ok(key)
}

/// The key that takes the name of a variable instead of the secret itself.
fn by_name(key: &str) -> Option<&'static str> {
    match key {
        "private_key" => Some("private_key_env"),
        "client_secret" => Some("client_secret_env"),
        "token" => Some("token_env"),
        _ => None,
    }
}

fn only_variable(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    (!inside.contains([':', '$', '{', '}'])).then_some(inside)
}

fn fill(text: &str, environment: &Environment) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((inside, after)) = behind.split_once('}') else {
            break;
        };
        filled.push_str(before);
        let (name, default) = inside
            .split_once(':')
            .map_or((inside, None), |(name, default)| (name, Some(default)));
        filled.push_str(environment.get(name).or(default).ok_or_else(|| name.to_owned())?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_or_named() {
        let environment = [("HOST".to_owned(), "api.coze.cn".to_owned())].into_iter().collect();

        assert_eq!(fill("https://${HOST}", &environment).unwrap(), "https://api.coze.cn");
        assert_eq!(fill("${PORT:443}/${HOST:x}", &environment).unwrap(), "443/api.coze.cn");
        assert_eq!(fill("${ABSENT}", &environment).unwrap_err(), "ABSENT");
        assert_eq!(fill("a ${open", &environment).unwrap(), "a ${open");
    }
}
