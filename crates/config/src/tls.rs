//! `tls_certificate_file` and `tls_key_file` of `[server]`: read and checked with the rest, so that a listener never starts
//! with a key that does not fit its certificate.

use super::mistake::{MistakeKind, TlsFault};
use super::place::Place;
use super::secret_source::{mistake_of, warn_when_readable};
use super::section::Section;
use super::settings::SettingValue;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

const CERTIFICATE: &str = "tls_certificate_file";
const KEY: &str = "tls_key_file";

/// A certificate with its chain and its key.
#[derive(Clone)]
pub struct TlsConfig(Arc<CertifiedKey>);

impl TlsConfig {
    /// What the listeners show and sign with.
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }

    /// Makes one of the texts of both files; says at which of the two keys a fault lies.
    pub fn of_pem(certificates: &[u8], key: &[u8]) -> Result<Self, (&'static str, TlsFault)> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.map_err(|_| (CERTIFICATE, TlsFault::BadCertificate))?;
        if chain.is_empty() {
            return Err((CERTIFICATE, TlsFault::NoCertificate));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| (KEY, TlsFault::NoKey))?;
        let key = any_supported_type(&key).map_err(|_| (KEY, TlsFault::BadKey))?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) => Ok(Self(Arc::new(certified))),
            Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
                Err((KEY, TlsFault::OtherKey))
            }
            Err(_) => Err((CERTIFICATE, TlsFault::BadCertificate)),
        }
    }

    /// Reads both files, or neither.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Self> {
        match (section.has(CERTIFICATE), section.has(KEY)) {
            (true, false) => missing(section, KEY),
            (false, true) => missing(section, CERTIFICATE),
            _ => {}
        }
        let certificates = file(section, CERTIFICATE);
        let key = file(section, KEY);
        let ((certificates, certificate_place), (key, key_place)) = (certificates?, key?);
        match Self::of_pem(&certificates, &key) {
            Ok(tls) => Some(tls),
            Err((at, fault)) => {
                let place = if at == KEY { key_place } else { certificate_place };
                section.mistake(at, &place, MistakeKind::TlsUnusable { fault });
                None
            }
        }
    }
}

fn missing(section: &mut Section<'_, '_>, key: &str) {
    let place = section.place().clone();
    section.mistake(key, &place, MistakeKind::MissingKey);
}

fn file(section: &mut Section<'_, '_>, key: &'static str) -> Option<(Zeroizing<Vec<u8>>, Place)> {
    let (name, place) = section.text(key)?;
    section.setting(key, &place, SettingValue::Text(name.clone()));
    let path = section.checker.resolve(&place, &name);
    match section.checker.files.read(&path) {
        Ok(bytes) => {
            if key == KEY {
                warn_when_readable(section, key, &place, &path);
            }
            Some((bytes, place))
        }
        Err(fault) => {
            section.mistake(key, &place, mistake_of(path, fault));
            None
        }
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConfig(..)")
    }
}

/// Another certificate is no other configuration of the listeners: it takes the place of the one before while we run.
impl PartialEq for TlsConfig {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for TlsConfig {}
