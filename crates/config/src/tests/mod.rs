//! Whole configurations, loaded from real files in a directory of their own: what comes out, and what is said.

mod all_at_once;
mod draft;
mod kinds;
mod mistakes;
mod reference;
mod reload;
mod schema;
mod sources;
mod yaml;

use super::load::{check_source, read_source};
use super::{ConfigErrors, Environment, FilesRead, Flag, LoadRequest, Loaded, load};
use crate::text::Language;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// A working directory with some files and variables.
struct Workplace {
    directory: TempDir,
    variables: Vec<(String, String)>,
    flags: Vec<Flag>,
}

impl Workplace {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            variables: vec![],
            flags: vec![],
        }
    }

    /// Writes a file that only its owner may read.
    fn file(self, name: &str, content: &str) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        set_mode(&path, 0o600);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, name: &'static str, key: &'static str, value: &str) -> Self {
        self.flags.push(Flag {
            name,
            key,
            value: value.to_owned(),
        });
        self
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn load(&self, explicit: Option<&str>) -> Result<Loaded, ConfigErrors> {
        load(LoadRequest {
            explicit: explicit.map(PathBuf::from),
            directory: self.path().to_owned(),
            environment: self.variables.iter().cloned().collect::<Environment>(),
            flags: self.flags.clone(),
        })
    }

    /// Reads a source as `init` does.
    fn import(&self, name: &str) -> Result<Loaded, ConfigErrors> {
        let mut files = FilesRead::default();
        let environment = self.variables.iter().cloned().collect::<Environment>();
        read_source(Some(PathBuf::from(name)), self.path(), environment, &mut files)
            .and_then(|raw| check_source(raw, self.path(), &[], &mut files))
            .map_err(ConfigErrors::of)
    }

    /// What is said about a configuration that works.
    fn notices(&self) -> String {
        let loaded = self.load(None).unwrap();
        let lines: Vec<String> = loaded.notices.iter().map(ToString::to_string).collect();
        self.without_directory(&lines.join("\n"))
    }

    /// What is said about one that does not.
    fn mistakes(&self) -> String {
        self.without_directory(&self.load(None).unwrap_err().to_string())
    }

    fn mistakes_in(&self, language: Language) -> String {
        let errors = self.load(None).unwrap_err();
        let lines: Vec<String> = errors.mistakes().iter().map(|mistake| mistake.text(language)).collect();
        self.without_directory(&lines.join("\n"))
    }

    fn without_directory(&self, text: &str) -> String {
        text.replace(&self.path().display().to_string(), "DIR")
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// A private key, made once for all tests: making one takes a while.
fn private_key() -> &'static str {
    static KEY: LazyLock<String> = LazyLock::new(|| {
        use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
        use base64::Engine;

        let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let body = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = body
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        )
    });
    &KEY
}

/// A token that looks like a real one without standing in the tree.
fn token() -> String {
    ["pat", "canary0123456789"].join("_")
}

/// The console's file for a service app, with some fields replaced (or, by `null`, left out).
fn console_file(changes: &[(&str, serde_json::Value)]) -> String {
    let mut fields = serde_json::json!({
        "client_type": "jwt",
        "client_id": "1100000000001",
        "coze_www_base": "https://www.coze.cn",
        "coze_api_base": "https://api.coze.cn",
        "private_key": private_key(),
        "public_key_id": "fingerprint",
    });
    let object = fields.as_object_mut().unwrap();
    for (field, value) in changes {
        if value.is_null() {
            object.remove(*field);
        } else {
            object.insert((*field).to_owned(), value.clone());
        }
    }
    serde_json::to_string_pretty(&fields).unwrap()
}
