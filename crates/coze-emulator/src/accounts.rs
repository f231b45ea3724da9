//! The one account behind the double: its user, workspace, JWT app with a fresh key pair, and personal access token.
//!
//! Key and token are made at start and worth nothing anywhere else, yet they are treated as secrets are: no Debug shows
//! them, and a file that holds one is readable by its owner only.

use crate::apps::JWT_CLIENT_ID;
use crate::ids::random_text;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

/// The account's user id.
pub(crate) const USER_ID: &str = "7500000000000000200";
/// The account's only workspace.
pub(crate) const WORKSPACE_ID: &str = "7500000000000000100";
/// A JWT (service) app as the console would show it, together with the private key that the console never keeps.
#[derive(Clone)]
pub struct DemoApp {
    /// OAuth app id, the `iss` of an assertion.
    pub client_id: String,
    /// Fingerprint of the public key, the `kid` of an assertion; 43 base64url characters.
    pub public_key_id: String,
    /// PKCS#8 private key, PEM. A secret.
    pub private_key_pem: String,
}

impl fmt::Debug for DemoApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoApp")
            .field("client_id", &self.client_id)
            .field("public_key_id", &self.public_key_id)
            .finish_non_exhaustive()
    }
}

/// What the account's owner holds in secret; the other apps are in [`crate::apps`].
pub(crate) struct Accounts {
    pub(crate) app: DemoApp,
    app_key: DecodingKey,
    personal_access_token: String,
}

impl Accounts {
    /// Makes a key pair and a personal access token. Takes some hundred milliseconds of processor time.
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        let pair = KeyPair::generate(KeySize::Rsa2048)?;
        let private: Pkcs8V1Der<'_> = pair.as_der()?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
        Ok(Self {
            app: DemoApp {
                client_id: JWT_CLIENT_ID.to_owned(),
                public_key_id: URL_SAFE_NO_PAD.encode(digest(&SHA256, public.as_ref())),
                private_key_pem: pem("PRIVATE KEY", private.as_ref()),
            },
            // jsonwebtoken wants the PKCS#1 form, which is what aws-lc-rs keeps as the public key's bytes.
            app_key: DecodingKey::from_rsa_der(pair.public_key().as_ref()),
            personal_access_token: random_text("pat_")?,
        })
    }

    /// Returns the app that registered the key `kid`, and the key.
    pub(crate) fn find_key(&self, kid: &str) -> Option<(&DemoApp, &DecodingKey)> {
        (self.app.public_key_id == kid).then_some((&self.app, &self.app_key))
    }

    pub(crate) fn personal_access_token(&self) -> &str {
        &self.personal_access_token
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

/// Writes `secret` into a new file `dir/name` that only its owner may read (0600 where the system has modes).
pub(crate) fn write_secret(dir: &Path, name: &str, secret: &str) -> io::Result<PathBuf> {
    let path = dir.join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(&path)?.write_all(secret.as_bytes())?;
    Ok(path)
}

/// RFC 7468: base64 in lines of 64 characters between the two labels.
fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = base64.as_str();
    while let Some((line, tail)) = rest.split_at_checked(64) {
        text.extend([line, "\n"]);
        rest = tail;
    }
    if !rest.is_empty() {
        text.extend([rest, "\n"]);
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_has_forty_three_characters_and_debug_shows_no_secret() {
        let accounts = Accounts::generate().unwrap();

        let shown = format!("{accounts:?} {:?}", accounts.app);

        assert_eq!(accounts.app.public_key_id.len(), 43);
        assert!(
            accounts
                .app
                .private_key_pem
                .starts_with("-----BEGIN PRIVATE KEY-----\n")
        );
        assert!(!shown.contains("BEGIN") && !shown.contains("pat_"), "{shown}");
    }

    #[cfg(unix)]
    #[test]
    fn secret_file_belongs_to_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();

        let path = write_secret(dir.path(), "key.pem", "secret").unwrap();

        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(
            write_secret(dir.path(), "key.pem", "other").is_err(),
            "an existing file is not overwritten"
        );
    }
}
