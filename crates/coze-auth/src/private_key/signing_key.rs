//! RSA private key of a service app: parsed once, signs assertions.

use super::der::{self, Content};
use super::error::{KeyError, KeyRepair, SigningFailed};
use super::pem;
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use std::fmt;
use std::sync::Arc;

/// The smallest modulus that RS256 allows (RFC 7518 section 3.3), in bits.
const FEWEST_BITS: usize = 2048;

/// The largest modulus that aws-lc-rs signs with, in bits.
const MOST_BITS: usize = 8192;

/// An RSA private key, ready to sign. Clones share one key.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<KeyPair>,
}

impl SigningKey {
    /// Reads a private key from PEM text and tells what had to be repaired for it, in the order of the repairs.
    pub fn parse(text: &str) -> Result<(Self, Vec<KeyRepair>), KeyError> {
        let block = pem::find_key(text)?;
        let mut repairs = block.repairs;
        let pair = match der::identify(&block.der).ok_or(KeyError::Malformed)? {
            Content::Pkcs8Rsa { modulus_bits } => {
                check_strength(modulus_bits)?;
                KeyPair::from_pkcs8(&block.der)
            }
            Content::Pkcs1Rsa { modulus_bits } => {
                check_strength(modulus_bits)?;
                repairs.push(KeyRepair::Pkcs1);
                KeyPair::from_der(&block.der)
            }
            Content::EllipticCurve => return Err(KeyError::EllipticCurve),
            Content::Encrypted => return Err(KeyError::Encrypted),
            Content::PublicKey => return Err(KeyError::PublicKey),
            Content::Certificate => return Err(KeyError::Certificate),
            Content::Other { label } => return Err(KeyError::Unsupported { label }),
        };
        let pair = Arc::new(pair.map_err(|_| KeyError::Malformed)?);
        Ok((Self { pair }, repairs))
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256, the `RS256` of RFC 7518. Takes about 0.3 ms: not for an I/O thread.
    pub fn sign_rs256(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SigningFailed)?;
        Ok(signature)
    }

    /// Returns the size of the modulus in bits, rounded up to whole bytes: 2048 to 8192.
    pub fn bits(&self) -> usize {
        self.pair.public_modulus_len() * 8
    }

    /// Returns the public half as DER (`SubjectPublicKeyInfo`), for comparing it with the half that the console holds.
    pub fn public_key_der(&self) -> Result<Vec<u8>, SigningFailed> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().map_err(|_| SigningFailed)?;
        Ok(der.as_ref().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({} bits, ..)", self.bits())
    }
}

fn check_strength(modulus_bits: usize) -> Result<(), KeyError> {
    match modulus_bits {
        0..FEWEST_BITS => Err(KeyError::TooWeak { bits: modulus_bits }),
        FEWEST_BITS..=MOST_BITS => Ok(()),
        _ => Err(KeyError::Unsupported {
            label: format!("RSA key of {modulus_bits} bits"),
        }),
    }
}
