//! Keys made at run time, and the forms in which people have them.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::OnceLock;

/// One pair for all tests: making one takes longer than most of them.
pub(crate) fn rsa_pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

pub(crate) fn pkcs8_der() -> Vec<u8> {
    let der: Pkcs8V1Der<'_> = rsa_pair().as_der().unwrap();
    der.as_ref().to_vec()
}

pub(crate) fn pkcs8_pem() -> String {
    pem("PRIVATE KEY", &pkcs8_der())
}

/// PKCS#8 of an RSA key is 26 bytes of header around PKCS#1: sequence, version, algorithm, octet string.
pub(crate) fn pkcs1_der() -> Vec<u8> {
    pkcs8_der()[26..].to_vec()
}

pub(crate) fn spki_der() -> Vec<u8> {
    let der: PublicKeyX509Der<'_> = rsa_pair().public_key().as_der().unwrap();
    der.as_ref().to_vec()
}

pub(crate) fn pkcs1_public_der() -> Vec<u8> {
    rsa_pair().public_key().as_ref().to_vec()
}

/// RFC 7468 section 3: 64 characters a line.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A DER element (X.690 section 8.1) of less than 64 KiB.
pub(crate) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], content].concat()
}
