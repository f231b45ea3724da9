//! Private keys as people paste them: what is repaired, what is refused and why.

use crate::keys::{der, pem, pkcs1_der, pkcs1_public_der, pkcs8_der, pkcs8_pem, rsa_pair, spki_der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coze_auth::{KeyError, KeyRepair, SigningKey};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// Reads the key, proves that it is the right one, and returns what was repaired.
fn repairs(text: &str) -> Vec<KeyRepair> {
    let (key, repairs) = SigningKey::parse(text).unwrap_or_else(|error| panic!("{error} in {text:.60?}"));
    let signature = key.sign_rs256(b"message").unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pkcs1_public_der())
        .verify(b"message", &signature)
        .unwrap();
    repairs
}

fn refusal(text: &str) -> KeyError {
    SigningKey::parse(text).unwrap_err()
}

#[test]
fn damage_with_one_meaning_is_repaired_and_told() {
    use KeyRepair::{
        ByteOrderMark, CarriageReturns, EscapedNewlines, MissingArmor, MissingLineBreaks, Pkcs1, SurroundingQuotes,
        SurroundingText,
    };
    let good = pkcs8_pem();
    let base64 = STANDARD.encode(pkcs8_der());
    let escaped = good.trim().replace('\n', "\\n");
    let indented = format!("    {}", good.trim().replace('\n', "\n    "));
    let table = [
        ("as the console makes it", good.clone(), vec![]),
        ("no line end at its end", good.trim().to_owned(), vec![]),
        ("blank lines around", format!("\n\n{good}\n\n"), vec![]),
        ("indented, from YAML", indented, vec![]),
        ("Windows line ends", good.replace('\n', "\r\n"), vec![CarriageReturns]),
        ("old Mac line ends", good.replace('\n', "\r"), vec![CarriageReturns]),
        ("byte order mark", format!("\u{feff}{good}"), vec![ByteOrderMark]),
        ("escaped line ends", escaped.clone(), vec![EscapedNewlines]),
        (
            "escaped Windows line ends",
            good.trim().replace('\n', "\\r\\n"),
            vec![EscapedNewlines],
        ),
        ("twice escaped", escaped.replace('\\', "\\\\"), vec![EscapedNewlines]),
        (
            "JSON string",
            format!("\"{escaped}\""),
            vec![SurroundingQuotes, EscapedNewlines],
        ),
        (
            "JSON string with its comma",
            format!("\"{escaped}\","),
            vec![SurroundingQuotes, EscapedNewlines],
        ),
        ("single quotes", format!("'{good}'"), vec![SurroundingQuotes]),
        (
            "spaces for line ends",
            good.trim().replace('\n', " "),
            vec![MissingLineBreaks],
        ),
        (
            "no line ends at all",
            good.trim().replace('\n', ""),
            vec![MissingLineBreaks],
        ),
        ("no armor", base64.clone(), vec![MissingArmor]),
        ("no padding", good.replace('=', ""), vec![]),
        ("PKCS#1", pem("RSA PRIVATE KEY", &pkcs1_der()), vec![Pkcs1]),
        (
            "PKCS#1 under the label of PKCS#8",
            pem("PRIVATE KEY", &pkcs1_der()),
            vec![Pkcs1],
        ),
        (
            "PKCS#8 under the label of PKCS#1",
            pem("RSA PRIVATE KEY", &pkcs8_der()),
            vec![],
        ),
        (
            "after its certificate",
            pem("CERTIFICATE", &[SEQUENCE, 0]) + &good,
            vec![SurroundingText],
        ),
        (
            "after bag attributes",
            format!("Bag Attributes\n    friendlyName: x\n{good}"),
            vec![SurroundingText],
        ),
        (
            "several at once",
            format!("\u{feff}\"{}\"", good.trim().replace('\n', "\\n")),
            vec![ByteOrderMark, SurroundingQuotes, EscapedNewlines],
        ),
    ];

    for (name, text, expected) in table {
        assert_eq!(repairs(&text), expected, "{name}");
    }
}

#[test]
fn text_that_is_no_usable_key_is_refused_with_its_reason() {
    let random = SystemRandom::new();
    let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let weak = der(
        SEQUENCE,
        &[der(INTEGER, &[0]), der(INTEGER, &[0xff; 128]), der(INTEGER, &[3])].concat(),
    );
    let huge = der(
        SEQUENCE,
        &[der(INTEGER, &[0]), der(INTEGER, &[0xff; 2048]), der(INTEGER, &[3])].concat(),
    );
    let encrypted = der(SEQUENCE, &[der(SEQUENCE, &[]), der(OCTET_STRING, &[0; 16])].concat());
    let certificate = der(SEQUENCE, &[der(SEQUENCE, &[]), der(SEQUENCE, &[])].concat());
    let proc_type =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    let good = pkcs8_pem();
    let half = &good[..good.len() / 2];
    let cut_inside = pem("PRIVATE KEY", &pkcs8_der()[..600]);
    let mut flipped = pkcs8_der();
    flipped[300] ^= 0xff;
    let unsupported = |label: &str| KeyError::Unsupported {
        label: label.to_owned(),
    };
    let table = [
        ("nothing", String::new(), KeyError::Empty),
        ("white space", " \r\n\t".to_owned(), KeyError::Empty),
        ("empty quotes", "\"\"".to_owned(), KeyError::Empty),
        ("a path", "/etc/keys/private.pem".to_owned(), KeyError::NotPem),
        (
            "a key id",
            "Abc_43_chars_base64url_fingerprint".to_owned(),
            KeyError::NotPem,
        ),
        ("public key", pem("PUBLIC KEY", &spki_der()), KeyError::PublicKey),
        (
            "PKCS#1 public key",
            pem("RSA PUBLIC KEY", &pkcs1_public_der()),
            KeyError::PublicKey,
        ),
        (
            "public key under a private label",
            pem("PRIVATE KEY", &spki_der()),
            KeyError::PublicKey,
        ),
        (
            "public key without armor",
            STANDARD.encode(spki_der()),
            KeyError::PublicKey,
        ),
        (
            "ssh public key",
            "ssh-rsa AAAAB3NzaC1yc2E me@host".to_owned(),
            KeyError::PublicKey,
        ),
        (
            "encrypted PKCS#8",
            pem("ENCRYPTED PRIVATE KEY", &encrypted),
            KeyError::Encrypted,
        ),
        (
            "encrypted under a plain label",
            pem("PRIVATE KEY", &encrypted),
            KeyError::Encrypted,
        ),
        ("encrypted PKCS#1", proc_type.to_owned(), KeyError::Encrypted),
        (
            "encrypted PKCS#1, escaped",
            proc_type.replace('\n', "\\n"),
            KeyError::Encrypted,
        ),
        ("EC in PKCS#8", pem("PRIVATE KEY", ec.as_ref()), KeyError::EllipticCurve),
        (
            "EC by label",
            pem("EC PRIVATE KEY", &[SEQUENCE, 0]),
            KeyError::EllipticCurve,
        ),
        ("Ed25519", pem("PRIVATE KEY", ed25519.as_ref()), unsupported("Ed25519")),
        (
            "OpenSSH",
            pem("OPENSSH PRIVATE KEY", b"openssh-key-v1"),
            unsupported("OPENSSH PRIVATE KEY"),
        ),
        (
            "request",
            pem("CERTIFICATE REQUEST", &certificate),
            unsupported("CERTIFICATE REQUEST"),
        ),
        ("certificate", pem("CERTIFICATE", &certificate), KeyError::Certificate),
        (
            "certificate under a key's label",
            pem("PRIVATE KEY", &certificate),
            KeyError::Certificate,
        ),
        (
            "1024 bits",
            pem("RSA PRIVATE KEY", &weak),
            KeyError::TooWeak { bits: 1024 },
        ),
        (
            "16384 bits",
            pem("RSA PRIVATE KEY", &huge),
            unsupported("RSA key of 16384 bits"),
        ),
        ("first half", half.to_owned(), KeyError::Malformed),
        ("cut inside", cut_inside, KeyError::Malformed),
        ("a bit flipped", pem("PRIVATE KEY", &flipped), KeyError::Malformed),
        (
            "no base64",
            "-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----".to_owned(),
            KeyError::Malformed,
        ),
        (
            "empty block",
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----".to_owned(),
            KeyError::Malformed,
        ),
    ];

    for (name, text, expected) in table {
        assert_eq!(refusal(&text), expected, "{name}");
    }
}

#[test]
fn key_tells_its_size_and_its_public_half_but_not_itself() {
    let (key, _) = SigningKey::parse(&pkcs8_pem()).unwrap();

    assert_eq!(key.bits(), rsa_pair().public_modulus_len() * 8);
    assert_eq!(key.public_key_der().unwrap(), spki_der());
    assert_eq!(format!("{key:?}"), "SigningKey(2048 bits, ..)");
}
