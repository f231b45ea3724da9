//! A login as a file, in the shape that scripts around Coze have used: `access_token`, `refresh_token`, `expires_at`,
//! `client_id`.
//!
//! `expires_at` is written in Unix seconds; read are also the dates that Python writes, with or without an offset. A file
//! is private (0600) and never written over: whoever held the login in it would lose it.

use crate::context::Context;
use crate::failure::{Failure, FailureKind};
use coze_auth::{AccessToken, InvalidToken, RefreshToken, TokenSet, UnixSeconds};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// What stands in the file. No `Debug`: all of it is secret.
#[derive(Deserialize, Serialize)]
pub(super) struct LoginFile {
    access_token: String,
    refresh_token: Option<String>,
    expires_at: Option<Moment>,
    client_id: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Moment {
    Seconds(i64),
    Fraction(f64),
    Text(String),
}

/// Why a file is not a login, or could not be made one.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginFileError {
    /// It could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It holds something else. The parser's words may quote a token, so they are not kept.
    #[error("it is no JSON object with access_token, refresh_token, expires_at and client_id (line {line})")]
    Shape {
        /// Where that became clear.
        line: usize,
    },
    /// A token in it cannot be one.
    #[error("{member} cannot be used")]
    Token {
        /// Which.
        member: &'static str,
        /// Why.
        #[source]
        source: InvalidToken,
    },
    /// The instant is none.
    #[error("expires_at is neither Unix seconds nor a date and time")]
    Moment,
    /// The login belongs to another app, and would end there when it is renewed here.
    #[error("it belongs to the app {found}, and not to {expected}")]
    OtherApp {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
}

impl LoginFile {
    /// Puts a login into the file's shape.
    pub(super) fn of(token_set: &TokenSet, client_id: &str) -> Self {
        Self {
            access_token: token_set.access_token.expose().to_owned(),
            refresh_token: token_set.refresh_token.as_ref().map(|token| token.expose().to_owned()),
            expires_at: token_set.expires_at.map(|end| Moment::Seconds(end.0)),
            client_id: Some(client_id.to_owned()),
        }
    }

    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, LoginFileError> {
        let text = fs::read_to_string(path)?;
        serde_json::from_str(&text).map_err(|error| LoginFileError::Shape { line: error.line() })
    }

    /// Writes a new file that only its owner may read.
    pub(super) fn write(&self, path: &Path) -> Result<(), LoginFileError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut text = serde_json::to_string_pretty(self).map_err(io::Error::from)?;
        text.push('\n');
        let mut file = options.open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(())
    }

    /// Makes a login of the app `client_id` of it. A file that names no app is believed.
    pub(super) fn into_token_set(self, client_id: &str, now: UnixSeconds) -> Result<TokenSet, LoginFileError> {
        if let Some(found) = self.client_id.filter(|found| found != client_id) {
            let expected = client_id.to_owned();
            return Err(LoginFileError::OtherApp { found, expected });
        }
        let flaw = |member| move |source| LoginFileError::Token { member, source };
        let refresh_token = self.refresh_token.as_deref().filter(|text| !text.is_empty());
        let refresh_token = refresh_token.map(RefreshToken::parse).transpose();
        Ok(TokenSet {
            access_token: AccessToken::parse(&self.access_token).map_err(flaw("access_token"))?,
            token_type: "Bearer".to_owned(),
            issued_at: now,
            // Without an end it counts as ended: the first use renews it.
            expires_at: Some(self.expires_at.map_or(Ok(now), |moment| moment.read())?),
            refresh_token: refresh_token.map_err(flaw("refresh_token"))?,
            refresh_expires_at: None,
        })
    }
}

impl Moment {
    fn read(&self) -> Result<UnixSeconds, LoginFileError> {
        let text = match self {
            Self::Seconds(seconds) => return Ok(UnixSeconds(*seconds)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the fraction of a second is of no use, and `as` saturates"
            )]
            Self::Fraction(seconds) => return Ok(UnixSeconds(*seconds as i64)),
            Self::Text(text) => text.trim(),
        };
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return Ok(UnixSeconds(timestamp.as_second()));
        }
        // Python's `datetime.now()` knows no offset: it means the machine's own time.
        let local = text.parse::<DateTime>().ok();
        let zoned = local.and_then(|local| local.to_zoned(TimeZone::system()).ok());
        zoned
            .map(|zoned| UnixSeconds(zoned.timestamp().as_second()))
            .ok_or(LoginFileError::Moment)
    }
}

/// The failure of a file.
pub(super) fn failure(context: &Context, path: &Path, error: &LoginFileError) -> Failure {
    let args = [("path", &*path.display().to_string())];
    let message = context.output.text("cli-login-file", &args);
    Failure::new(FailureKind::Usage, message).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_790_000_000);

    fn read(json: &str) -> Result<TokenSet, LoginFileError> {
        let file: LoginFile = serde_json::from_str(json).unwrap();
        file.into_token_set("1.app.coze", NOW)
    }

    #[test]
    fn file_that_was_written_is_read_as_the_same_login() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.json");
        let login = read(r#"{"access_token":"czu_a","refresh_token":"r","expires_at":1790000900}"#).unwrap();

        LoginFile::of(&login, "1.app.coze").write(&path).unwrap();
        let again = LoginFile::read(&path)
            .unwrap()
            .into_token_set("1.app.coze", NOW)
            .unwrap();

        assert!(again.is_same_as(&login) && again.expires_at == login.expires_at);
        assert!(
            LoginFile::of(&login, "1.app.coze").write(&path).is_err(),
            "written over"
        );
    }

    #[test]
    fn dates_of_scripts_are_understood() {
        for (written, seconds) in [
            ("1790000900", 1_790_000_900),
            ("1790000900.75", 1_790_000_900),
            ("\"2026-09-21T14:28:20Z\"", 1_790_000_900),
            ("\"2026-09-21T22:28:20+08:00\"", 1_790_000_900),
        ] {
            let login = read(&format!(r#"{{"access_token":"a","expires_at":{written}}}"#)).unwrap();
            assert_eq!(login.expires_at, Some(UnixSeconds(seconds)), "{written}");
        }
        assert!(read(r#"{"access_token":"a","expires_at":"2026-09-21T14:28:20.123456"}"#).is_ok());
        assert!(matches!(
            read(r#"{"access_token":"a","expires_at":"soon"}"#),
            Err(LoginFileError::Moment)
        ));
    }

    #[test]
    fn login_of_another_app_is_refused_and_nothing_secret_is_quoted() {
        let other = read(r#"{"access_token":"a","client_id":"2.app.coze"}"#);
        assert!(matches!(other, Err(LoginFileError::OtherApp { .. })));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.json");
        fs::write(&path, r#"{"access_token":["canary"]}"#).unwrap();
        let error = LoginFile::read(&path).err().unwrap();
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
}
