//! Checks a JWT assertion (protocol 2.1, RFC 7523 section 3).
//!
//! The signature is verified by `jsonwebtoken`, which our own signer does not use: two implementations have to agree.
//! The claims are checked here, by the platform's clock and in an order of our choice, so that each mistake has one
//! answer.

use super::refusal::Refusal;
use crate::platform::Platform;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use std::net::SocketAddr;

/// How far a client's clock may be ahead, in seconds. Invented: the real tolerance is unknown (protocol 13, point 1).
const CLOCK_AHEAD: i64 = 300;
/// Hosts that some official examples write into `aud` (protocol 1.2).
const OFFICIAL_HOSTS: [&str; 2] = ["api.coze.cn", "api.coze.com"];

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<String>,
    iat: Option<i64>,
    exp: Option<i64>,
    jti: Option<String>,
    session_name: Option<String>,
    session_context: Option<SessionContext>,
}

/// Terminal user behind the assertion, for an enterprise's billing. Accepted and told to the journal, without effect.
#[derive(Debug, Deserialize)]
struct SessionContext {
    device_info: Option<DeviceInfo>,
}

#[derive(Debug, Deserialize)]
struct DeviceInfo {
    device_id: Option<String>,
    custom_consumer: Option<String>,
}

/// What a good assertion says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assertion {
    pub(super) client_id: String,
    /// An empty name counts as none (invented).
    pub(super) session_name: Option<String>,
    pub(super) device_id: Option<String>,
    pub(super) custom_consumer: Option<String>,
}

impl Assertion {
    /// Verifies `jwt` and spends it: a second call with the same assertion is refused.
    pub(super) fn accept(platform: &Platform, jwt: &str) -> Result<Self, Refusal> {
        let header = read_header(jwt)?;
        if header.alg != "RS256" {
            return Err(Refusal::Algorithm);
        }
        let (app, key) = header
            .kid
            .and_then(|kid| platform.accounts.find_key(&kid))
            .ok_or(Refusal::UnknownKey)?;
        let claims = verify_signature(jwt, key)?;

        let now = platform.clock.now();
        let iss = claims.iss.filter(|iss| *iss == app.client_id).ok_or(Refusal::Issuer)?;
        let official = platform.config.accept_official_audience;
        if !claims.aud.is_some_and(|aud| is_ours(&aud, platform.addr, official)) {
            return Err(Refusal::Audience);
        }
        let exp = check_times(claims.iat, claims.exp, now)?;
        let jti = claims.jti.filter(|jti| !jti.is_empty()).ok_or(Refusal::NoJti)?;
        if !platform.tokens.spend_assertion(&iss, &jti, exp, now) {
            return Err(Refusal::Reused);
        }
        let device = claims.session_context.and_then(|context| context.device_info);
        let (device_id, custom_consumer) = device.map_or((None, None), |info| (info.device_id, info.custom_consumer));
        Ok(Self {
            client_id: iss,
            session_name: claims.session_name.filter(|name| !name.is_empty()),
            device_id,
            custom_consumer,
        })
    }
}

/// Reads the header without believing it. jsonwebtoken's own reader does not know `alg: none`.
fn read_header(jwt: &str) -> Result<Header, Refusal> {
    let mut parts = jwt.split('.');
    let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(Refusal::NoJwt);
    };
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| Refusal::NoJwt)?;
    serde_json::from_slice(&header).map_err(|_| Refusal::NoJwt)
}

fn verify_signature(jwt: &str, key: &DecodingKey) -> Result<Claims, Refusal> {
    let mut validation = Validation::new(Algorithm::RS256);
    // Only the signature: the library would check times by the machine's clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    match jsonwebtoken::decode(jwt, key, &validation) {
        Ok(token) => Ok(token.claims),
        Err(error) => Err(match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => Refusal::Signature,
            _ => Refusal::Claims,
        }),
    }
}

/// Protocol 1.2: clients write the API's host with or without the port.
fn is_ours(aud: &str, addr: SocketAddr, accept_official: bool) -> bool {
    let port = addr.port();
    [
        "127.0.0.1".to_owned(),
        "localhost".to_owned(),
        "[::1]".to_owned(),
        addr.ip().to_string(),
    ]
    .iter()
    .any(|host| aud == host || aud == format!("{host}:{port}"))
        || (accept_official && OFFICIAL_HOSTS.contains(&aud))
}

/// Returns `exp`. All values are Unix seconds.
fn check_times(iat: Option<i64>, exp: Option<i64>, now: i64) -> Result<i64, Refusal> {
    let (Some(iat), Some(exp)) = (iat, exp) else {
        return Err(Refusal::Claims);
    };
    if exp <= now {
        return Err(Refusal::Expired);
    }
    if exp <= iat {
        return Err(Refusal::ExpiresBeforeIssued);
    }
    if iat > now.saturating_add(CLOCK_AHEAD) {
        return Err(Refusal::IssuedInTheFuture);
    }
    Ok(exp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audience_is_our_host_with_or_without_its_port() {
        let addr: SocketAddr = "127.0.0.1:8123".parse().unwrap();

        for aud in ["127.0.0.1", "127.0.0.1:8123", "localhost", "localhost:8123"] {
            assert!(is_ours(aud, addr, false), "{aud}");
        }
        for aud in ["127.0.0.1:8124", "http://127.0.0.1:8123", "api.coze.cn", ""] {
            assert!(!is_ours(aud, addr, false), "{aud}");
        }
        assert!(is_ours("api.coze.cn", addr, true));
    }

    #[test]
    fn times_have_to_make_sense() {
        assert_eq!(check_times(Some(100), Some(200), 100), Ok(200));
        assert_eq!(check_times(Some(50), Some(100), 100), Err(Refusal::Expired));
        assert_eq!(
            check_times(Some(200), Some(150), 100),
            Err(Refusal::ExpiresBeforeIssued)
        );
        assert_eq!(check_times(Some(401), Some(500), 100), Err(Refusal::IssuedInTheFuture));
        assert_eq!(check_times(None, Some(500), 100), Err(Refusal::Claims));
    }
}
