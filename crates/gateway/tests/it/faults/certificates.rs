//! A platform whose certificate is not the one that its API base asks for.
//!
//! Who is trusted is the system's affair, and no test may change that for the whole machine. So every certificate here is
//! refused in any case, and that each flaw is enough is seen in a process of its own, which trusts the test's authority: on
//! Linux, where that is a variable of the environment.

use super::fault::Fault;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    OtherName,
    Expired,
    OwnWord,
}

impl Flaw {
    const ALL: [Self; 4] = [Self::None, Self::OtherName, Self::Expired, Self::OwnWord];

    /// The name of the fault.
    const fn name(self) -> &'static str {
        match self {
            Self::None => "(none: a healthy platform)",
            Self::OtherName => "a certificate for another name",
            Self::Expired => "a certificate of a year that is over",
            Self::OwnWord => "a certificate that nobody vouches for",
        }
    }
}

/// A certificate with its key, as text.
#[derive(Clone, Debug)]
pub struct Certificate {
    certificate: String,
    key: String,
}

impl Certificate {
    /// Speaks TLS in front of a platform that does not. Ends with the test's runtime.
    pub async fn stand_before(&self, plain: SocketAddr) -> SocketAddr {
        let chain = vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        #[expect(
            clippy::disallowed_methods,
            reason = "nobody waits for it: it ends with the test's runtime"
        )]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut secure = acceptor.accept(stream).await.ok()?;
                    let mut plain = TcpStream::connect(plain).await.ok()?;
                    tokio::io::copy_bidirectional(&mut secure, &mut plain).await.ok()
                });
            }
        });
        addr
    }
}

/// One certificate for each flaw. An authority that nobody knows outside of the test vouches for all but the last.
pub struct Certificates {
    by_flaw: Vec<(Flaw, Certificate)>,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "elsewhere no process can be made to trust it")
    )]
    authority: String,
}

impl Certificates {
    pub fn issue() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let by_flaw = Flaw::ALL.map(|flaw| {
            let name = if flaw == Flaw::OtherName {
                "other.example"
            } else {
                "127.0.0.1"
            };
            let mut params = CertificateParams::new([name.to_owned()]).unwrap();
            if flaw == Flaw::Expired {
                params.not_after = date_time_ymd(2001, 12, 31);
            }
            let key = KeyPair::generate().unwrap();
            let certificate = match flaw {
                Flaw::OwnWord => params.self_signed(&key),
                _ => params.signed_by(&key, &authority),
            };
            let certificate = Certificate {
                certificate: certificate.unwrap().pem(),
                key: key.serialize_pem(),
            };
            (flaw, certificate)
        });
        Self {
            by_flaw: by_flaw.into(),
            authority: authority.pem(),
        }
    }
}

/// The faults of a platform with a flawed certificate, which is well otherwise.
pub fn faults(certificates: &Certificates) -> Vec<Fault> {
    let flawed = certificates.by_flaw.iter().filter(|(flaw, _)| *flaw != Flaw::None);
    flawed.map(|(flaw, certificate)| fault(*flaw, certificate)).collect()
}

fn fault(flaw: Flaw, certificate: &Certificate) -> Fault {
    Fault::adding(flaw.name(), "").showing(certificate.clone())
}

#[cfg(target_os = "linux")]
mod trusted {
    use super::super::{try_all, undocumented, world};
    use super::*;
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    const AUTHORITY: &str = "authority.pem";

    #[tokio::test]
    async fn each_flaw_of_a_certificate_is_enough_where_its_issuer_is_trusted() {
        // In the process that this test starts they lie in the working directory.
        if !Path::new(AUTHORITY).exists() {
            let folder = tempfile::tempdir().unwrap();
            Certificates::issue().save(folder.path());
            let name =
                "faults::certificates::trusted::each_flaw_of_a_certificate_is_enough_where_its_issuer_is_trusted";
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name, "--nocapture"])
                .current_dir(folder.path())
                .env("SSL_CERT_FILE", folder.path().join(AUTHORITY))
                .env_remove("SSL_CERT_DIR")
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            println!(
                "{}",
                told.lines()
                    .find(|line| line.starts_with("certificates"))
                    .unwrap_or(&told)
            );
            assert!(
                output.status.success(),
                "{told}{}",
                String::from_utf8_lossy(&output.stderr)
            );
            return;
        }
        let faults = Flaw::ALL.map(|flaw| Arc::new(fault(flaw, &Certificate::load(flaw))));
        let world = world(&faults, |_| {}).await;

        let outcomes = try_all(&world, &faults).await;

        let wrong = undocumented(&faults, &outcomes);
        println!(
            "certificates: tried {} / undocumented answers {}",
            outcomes.iter().flatten().count(),
            wrong.len()
        );
        assert!(wrong.is_empty(), "not as the page says:\n{}", wrong.join("\n"));
        world.stop().await;
    }

    impl Flaw {
        const fn file(self) -> &'static str {
            match self {
                Self::None => "none",
                Self::OtherName => "other-name",
                Self::Expired => "expired",
                Self::OwnWord => "own-word",
            }
        }
    }

    impl Certificates {
        fn save(&self, folder: &Path) {
            fs::write(folder.join(AUTHORITY), &self.authority).unwrap();
            for (flaw, certificate) in &self.by_flaw {
                let file = |ending| folder.join(flaw.file()).with_extension(ending);
                fs::write(file("pem"), &certificate.certificate).unwrap();
                fs::write(file("key"), &certificate.key).unwrap();
            }
        }
    }

    impl Certificate {
        fn load(flaw: Flaw) -> Self {
            let read = |ending| fs::read_to_string(Path::new(flaw.file()).with_extension(ending)).unwrap();
            Self {
                certificate: read("pem"),
                key: read("key"),
            }
        }
    }
}
