//! What the browser brings back from the consent page, and why it is not taken (RFC 6749 section 4.1.2, 10.12;
//! RFC 9207 section 2.4).
//!
//! Any client can call the redirect URI. Nothing in a callback is trusted before its `state` has been compared, and its
//! texts are quoted short and without control characters.

use crate::error::LoginFailure;
use crate::quote::printable;
use crate::secret::{AuthorizationCode, LoginState};
use url::form_urlencoded;

/// The query of a callback. `Debug` shows none of it.
pub struct Callback {
    state: Parameter,
    code: Parameter,
    error: Parameter,
    error_description: Parameter,
    iss: Parameter,
}

/// A parameter that must not occur twice (RFC 6749 section 3.1).
#[derive(Default)]
enum Parameter {
    #[default]
    Absent,
    Once(String),
    Repeated,
}

impl Parameter {
    fn add(&mut self, value: &str) {
        *self = match self {
            Self::Absent => Self::Once(value.to_owned()),
            Self::Once(_) | Self::Repeated => Self::Repeated,
        };
    }

    /// Returns the value; an empty one counts as absent.
    fn get(&self) -> Result<Option<&str>, LoginFailure> {
        match self {
            Self::Absent => Ok(None),
            Self::Once(value) => Ok(Some(value.as_str()).filter(|value| !value.is_empty())),
            Self::Repeated => Err(LoginFailure::RepeatedParameter),
        }
    }
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Callback(..)")
    }
}

impl Callback {
    /// Reads the query of a request to the redirect URI, without its `?`. Never fails: what is missing is named when
    /// the callback is used.
    pub fn parse(query: &str) -> Self {
        let mut callback = Self {
            state: Parameter::default(),
            code: Parameter::default(),
            error: Parameter::default(),
            error_description: Parameter::default(),
            iss: Parameter::default(),
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "state" => callback.state.add(&value),
                "code" => callback.code.add(&value),
                "error" => callback.error.add(&value),
                "error_description" => callback.error_description.add(&value),
                "iss" => callback.iss.add(&value),
                // RFC 6749 section 4.1.2: unrecognized parameters are ignored.
                _ => {}
            }
        }
        callback
    }

    /// Returns the `state`, to look the pending login up by; `None` when there is none that could be meant.
    pub fn state(&self) -> Option<LoginState> {
        let state = self.state.get().ok().flatten()?;
        Some(LoginState::new(state.to_owned()))
    }

    /// Returns the code if everything else is right. `issuers` are the origins that the platform may call itself by.
    pub(crate) fn code(&self, expected: &LoginState, issuers: &[String]) -> Result<AuthorizationCode, LoginFailure> {
        let state = self.state.get()?.ok_or(LoginFailure::NoState)?;
        if !expected.matches(state) {
            return Err(LoginFailure::OtherState);
        }
        // The platform is not known to send `iss`; if it does, RFC 9207 section 2.4 wants it compared.
        if let Some(issuer) = self.iss.get()?
            && !issuers.iter().any(|known| known == issuer.trim_end_matches('/'))
        {
            return Err(LoginFailure::OtherIssuer);
        }
        if let Some(error) = self.error.get()? {
            return Err(LoginFailure::Refused {
                error: printable(error),
                description: self.error_description.get()?.map(printable),
            });
        }
        let code = self.code.get()?.ok_or(LoginFailure::NoCode)?;
        AuthorizationCode::parse(code).map_err(|_| LoginFailure::NoCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://www.coze.cn";

    fn outcome(query: &str) -> Result<String, LoginFailure> {
        let expected = LoginState::new("right".to_owned());
        let code = Callback::parse(query).code(&expected, &[ISSUER.to_owned()])?;
        Ok(code.expose().to_owned())
    }

    #[test]
    fn code_is_taken_only_with_the_right_state_and_from_the_right_platform() {
        let refused = |error: &str, description: Option<&str>| LoginFailure::Refused {
            error: error.to_owned(),
            description: description.map(str::to_owned),
        };
        let table = [
            ("code=c&state=right", Ok("c")),
            ("code=c&state=right&unknown=1", Ok("c")),
            ("code=c&state=right&iss=https%3A%2F%2Fwww.coze.cn", Ok("c")),
            ("code=c&state=right&iss=https%3A%2F%2Fwww.coze.cn%2F", Ok("c")),
            (
                "code=c&state=right&iss=https%3A%2F%2Fwww.coze.com",
                Err(LoginFailure::OtherIssuer),
            ),
            ("code=c", Err(LoginFailure::NoState)),
            ("code=c&state=", Err(LoginFailure::NoState)),
            ("code=c&state=wrong", Err(LoginFailure::OtherState)),
            ("code=c&state=right%20", Err(LoginFailure::OtherState)),
            ("code=c&state=RIGHT", Err(LoginFailure::OtherState)),
            ("code=c&state=right&state=right", Err(LoginFailure::RepeatedParameter)),
            ("code=c&code=d&state=right", Err(LoginFailure::RepeatedParameter)),
            ("state=right", Err(LoginFailure::NoCode)),
            ("code=&state=right", Err(LoginFailure::NoCode)),
            ("code=a%0Ab&state=right", Err(LoginFailure::NoCode)),
            ("error=access_denied&state=right", Err(refused("access_denied", None))),
            (
                "error=access_denied&code=c&state=right",
                Err(refused("access_denied", None)),
            ),
            (
                "error=x&error_description=a%1b%5b31m&state=right",
                Err(refused("x", Some("a[31m"))),
            ),
            // An error is not believed either without the state.
            ("error=access_denied&state=wrong", Err(LoginFailure::OtherState)),
            ("", Err(LoginFailure::NoState)),
        ];

        for (query, expected) in table {
            assert_eq!(outcome(query), expected.map(str::to_owned), "{query}");
        }
    }

    #[test]
    fn debug_output_of_a_callback_shows_neither_code_nor_state() {
        let callback = Callback::parse("code=canary&state=canary");

        assert!(!format!("{callback:?} {:?}", callback.state()).contains("canary"));
    }
}
