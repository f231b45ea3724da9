//! A certificate authority of one run, made by the `openssl` command, and a certificate for `localhost`.

use anyhow::{Context as _, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The files.
#[derive(Debug)]
pub(crate) struct Certificates {
    /// What clients have to trust.
    pub(crate) authority: PathBuf,
    pub(crate) server_chain: PathBuf,
    pub(crate) server_key: PathBuf,
}

impl Certificates {
    /// Makes them in `home`.
    pub(crate) fn make(home: &Path) -> anyhow::Result<Self> {
        let at = |name: &str| home.join(name);
        std::fs::write(
            at("server.ext"),
            "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n",
        )?;
        let authority = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=cozegate-bench \
                         -keyout authority.key -out authority.pem";
        let request = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr";
        let sign = "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
                    -extfile server.ext -out server.pem";
        for arguments in [authority, request, sign] {
            openssl(home, arguments)?;
        }
        Ok(Self {
            authority: at("authority.pem"),
            server_chain: at("server.pem"),
            server_key: at("server.key"),
        })
    }
}

/// Makes a service app's key, as the console would.
pub(crate) fn make_private_key(home: &Path) -> anyhow::Result<PathBuf> {
    openssl(
        home,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private_key.pem",
    )?;
    Ok(home.join("private_key.pem"))
}

/// Runs `openssl` in `home` and returns what it prints.
pub(crate) fn openssl(home: &Path, arguments: &str) -> anyhow::Result<String> {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .context("could not start openssl; on Debian and Ubuntu: apt-get install openssl")?;
    ensure!(
        output.status.success(),
        "openssl {arguments} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
