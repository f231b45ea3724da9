//! Runs the binary where nothing of the machine shows through, and describes what it did.

use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::rc::Rc;
use std::sync::mpsc;
use tempfile::TempDir;

/// A home, a working directory and a place for temporary files in one; gone with the last who uses it.
pub(crate) struct Home(Rc<TempDir>);

impl Home {
    pub(crate) fn new() -> Self {
        Self(Rc::new(TempDir::new().unwrap()))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file that only its owner may read, so that no remark about that is made.
    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        self
    }

    /// Puts a shell script where the binary finds programs, and nowhere else.
    #[cfg(target_os = "linux")]
    pub(crate) fn program(self, name: &str, script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path().join("bin").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        self
    }

    /// The binary with these arguments, and nothing but the home in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cozegate"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.path())
            .env("TMPDIR", self.path())
            .env("TMP", self.path())
            // Without it, systems look where their own programs are.
            .env("PATH", self.path().join("bin"))
            .current_dir(self.path());
        // Without it no Windows program can open a socket.
        if let Some(root) = std::env::vars_os().find(|(name, _)| name.eq_ignore_ascii_case("SystemRoot")) {
            command.env(root.0, root.1);
        }
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the binary to its end and describes all of it.
    pub(crate) fn transcript(&self, arguments: &[&str]) -> String {
        self.describe(&self.run(arguments))
    }

    /// Exit code, stdout and stderr, with the directory's name made the same for everybody.
    pub(crate) fn describe(&self, output: &Output) -> String {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let directory = self.path().canonicalize().unwrap();
        format!(
            "exit: {}\n----- stdout -----\n{}----- stderr -----\n{}",
            output
                .status
                .code()
                .map_or_else(|| "signal".to_owned(), |code| code.to_string()),
            text(&output.stdout),
            text(&output.stderr)
        )
        .replace(&directory.display().to_string(), "DIR")
        .replace(&self.path().display().to_string(), "DIR")
    }

    /// Starts the binary with `--json` and reads the first line that it prints.
    pub(crate) fn start(&self, arguments: &[&str]) -> Started {
        self.start_command(self.command(arguments))
    }

    /// The same with a command of the test's own.
    pub(crate) fn start_command(&self, mut command: Command) -> Started {
        let mut child = command
            .arg("--json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut stderr = String::new();
            child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
            panic!("no JSON in {line:?}; stderr: {stderr}")
        });
        Started {
            child,
            stdout,
            announced,
            _home: Rc::clone(&self.0),
        }
    }

    /// Starts a login and reads what it says up to the address that a person has to open.
    pub(crate) fn start_login(&self, arguments: &[&str]) -> LoginUnderWay {
        let mut child = self
            .command(&["login"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.lines().last().unwrap_or_default().trim().starts_with("http://") {
            assert!(
                stderr.read_line(&mut said).unwrap() > 0,
                "it ended without an address: {said}"
            );
        }
        LoginUnderWay {
            child,
            stderr,
            said,
            _home: Rc::clone(&self.0),
        }
    }
}

/// A login that waits for a person; killed when the test forgets it.
pub(crate) struct LoginUnderWay {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    _home: Rc<TempDir>,
}

impl LoginUnderWay {
    /// The address that a person has to open.
    pub(crate) fn url(&self) -> &str {
        self.said.lines().last().unwrap().trim()
    }

    /// Reads what it says next.
    pub(crate) fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Output {
        self.stderr.read_to_string(&mut self.said).unwrap();
        let mut stdout = Vec::new();
        self.child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
        Output {
            status: self.child.wait().unwrap(),
            stdout,
            stderr: std::mem::take(&mut self.said).into_bytes(),
        }
    }
}

impl Drop for LoginUnderWay {
    fn drop(&mut self) {
        // It has ended already, if all went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A running binary; killed when the test forgets it.
pub(crate) struct Started {
    child: Child,
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "held open, so that the binary can go on printing")
    )]
    stdout: BufReader<ChildStdout>,
    pub(crate) announced: Value,
    _home: Rc<TempDir>,
}

impl Started {
    #[cfg(unix)]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The address behind a URL that was announced under `pointer`.
    pub(crate) fn address(&self, pointer: &str) -> String {
        let url = self.announced.pointer(pointer).and_then(Value::as_str).unwrap();
        url.split_once("://").unwrap().1.to_owned()
    }

    /// What it writes to stderr, line by line, while it runs.
    pub(crate) fn lines_of_stderr(&mut self) -> mpsc::Receiver<String> {
        let stderr = BufReader::new(self.child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.split(b'\n') {
                let line = String::from_utf8_lossy(&line.unwrap()).into_owned();
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        lines
    }

    /// Asks for an orderly end, as a service manager does.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill")
            .args(["-TERM", &self.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the end; answers the exit code and what else was printed to stdout.
    #[cfg(unix)]
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
