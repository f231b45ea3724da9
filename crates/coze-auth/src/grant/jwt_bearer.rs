//! The assertion of a service app: a short-lived JWT that Coze changes for a token (protocol 2.1, RFC 7523 section 3).
//!
//! Pure: the time and the randomness are handed in. An assertion works once, so a new one is made for every request.

use crate::app::JwtApp;
use crate::clock::UnixSeconds;
use crate::private_key::SigningFailed;
use crate::random::{Random, base64url};
use crate::secret::Assertion;
use crate::session_name::SessionName;
use crate::subject::Subject;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

/// RFC 7523 section 2.1.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long an assertion can be used. Long enough for a request that is tried at the end of its patience (30 s) on a
/// machine whose clock is two minutes slow; short, because an assertion found in a log buys a token. It has
/// nothing to do with the life of the token.
const ASSERTION_LIFETIME: Duration = Duration::from_mins(3);

/// Coze recommends a `jti` of more than 32 characters (protocol 2.1); 256 bits are 43 of them.
const JTI_BYTES: usize = 32;

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<Context<'a>>,
}

#[derive(Serialize)]
struct Context<'a> {
    device_info: DeviceInfo<'a>,
}

#[derive(Serialize)]
struct DeviceInfo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_consumer: Option<&'a str>,
}

/// A signed request for a token.
#[derive(Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) app: &'a JwtApp,
    pub(crate) assertion: Assertion,
    pub(crate) subject: &'a Subject,
}

impl Signed<'_> {
    /// Returns the body: the scope is a member of it and not a claim, and is left out when there is none.
    pub(crate) fn body(&self) -> Value {
        let duration_seconds = self.app.duration_seconds(self.subject);
        let mut body = json!({ "grant_type": GRANT_TYPE, "duration_seconds": duration_seconds });
        if let (Some(members), Some(scope)) = (body.as_object_mut(), &self.subject.scope) {
            members.insert("scope".to_owned(), scope.to_json());
        }
        body
    }
}

impl JwtApp {
    /// Makes and signs an assertion for one exchange. Takes about 0.3 ms: not for an I/O thread.
    pub fn assertion(
        &self,
        subject: &Subject,
        now: UnixSeconds,
        random: &dyn Random,
    ) -> Result<Assertion, SigningFailed> {
        let header = Header {
            alg: "RS256",
            typ: "JWT",
            kid: &self.public_key_id,
        };
        let claims = Claims {
            iss: &self.client_id,
            aud: self.endpoints.audience(),
            iat: now.0,
            exp: (now + ASSERTION_LIFETIME).0,
            jti: base64url(random, JTI_BYTES),
            session_name: subject.session_name.as_ref().map(SessionName::as_str),
            session_context: subject.session_context.as_ref().map(|context| Context {
                device_info: DeviceInfo {
                    device_id: context.device_id.as_deref(),
                    custom_consumer: context.custom_consumer.as_deref(),
                },
            }),
        };
        let mut jwt = format!("{}.{}", segment(&header)?, segment(&claims)?);
        let signature = self.signing_key.sign_rs256(jwt.as_bytes())?;
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        Ok(Assertion::new(jwt))
    }

    /// Returns the life to ask for, inside what the platform gives (protocol 2.2).
    fn duration_seconds(&self, subject: &Subject) -> u32 {
        subject
            .duration_seconds
            .unwrap_or(self.duration_seconds)
            .clamp(1, Self::LONGEST_DURATION_SECONDS)
    }
}

fn segment(part: &impl Serialize) -> Result<String, SigningFailed> {
    let json = serde_json::to_vec(part).map_err(|_| SigningFailed)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}
