//! Files and folders that others can change: the real binary does not start on them.

use crate::binary::Home;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

const CONFIG: &str = "[server]\nproxy_addr = \"127.0.0.1:0\"\nauth_addr = \"127.0.0.1:0\"\n\
                      [files]\ncache_dir = \"cache\"\n\
                      [apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\n";

/// A name, and what is done to a home before the start.
type SetUp<'a> = (&'a str, &'a dyn Fn(&Path));

fn home() -> Home {
    Home::new()
        .file("cozegate.toml", CONFIG)
        .file("token", "pat_file_trust")
}

fn folder(path: &Path, mode: u32) {
    fs::create_dir(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn cache_folder_that_others_can_change_is_refused() {
    let (mut let_through, mut refused) = (Vec::new(), Vec::new());
    let bad: [SetUp<'_>; 4] = [
        ("mode 0777", &|home| folder(&home.join("cache"), 0o777)),
        ("mode 0702", &|home| folder(&home.join("cache"), 0o702)),
        ("a link to a folder of mode 0777", &|home| {
            folder(&home.join("open"), 0o777);
            symlink(home.join("open"), home.join("cache")).unwrap();
        }),
        ("a file", &|home| fs::write(home.join("cache"), "").unwrap()),
    ];
    for (name, prepare) in bad {
        let home = home();
        prepare(home.path());
        let output = home.run(&["serve"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() != Some(3) || !said.contains("files.cache_dir") {
            let_through.push(format!("{name}: {:?} {said}", output.status.code()));
        }
    }
    let good: [SetUp<'_>; 5] = [
        ("none", &|_| {}),
        ("mode 0700", &|home| folder(&home.join("cache"), 0o700)),
        ("mode 0755", &|home| folder(&home.join("cache"), 0o755)),
        ("the sticky bit", &|home| folder(&home.join("cache"), 0o1777)),
        ("a link to a folder of mode 0700", &|home| {
            folder(&home.join("private"), 0o700);
            symlink(home.join("private"), home.join("cache")).unwrap();
        }),
    ];
    for (name, prepare) in good {
        let home = home();
        prepare(home.path());
        let started = home.start(&["serve"]);
        if started.announced["proxy"].as_str().is_none() {
            refused.push(name);
        }
    }

    println!(
        "cache folders: bad tried {} / let through {}; good tried {} / refused {}",
        bad.len(),
        let_through.len(),
        good.len(),
        refused.len()
    );
    assert_eq!((let_through, refused), (Vec::<String>::new(), Vec::<&str>::new()));
}

/// A home whose secret comes from a command that leaves a trace.
const COMMAND: &str = "[server]\nproxy_addr = \"127.0.0.1:0\"\nauth_addr = \"127.0.0.1:0\"\n\
                       [apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_command = [\"/bin/sh\", \"-c\", \"echo ran > ran; echo pat_x\"]\n";

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Gives a file to another user; `false` where this user may not.
fn give_away(path: &Path) -> bool {
    std::os::unix::fs::chown(path, Some(65_534), None).is_ok()
}

/// F9: a user who can write the configuration can run commands as the gateway's user.
#[test]
fn file_that_others_can_change_is_refused_and_runs_no_command() {
    let bad: [SetUp<'_>; 8] = [
        ("the configuration is writable", &|home| {
            mode(&home.join("cozegate.toml"), 0o666);
        }),
        ("the configuration is writable for others only", &|home| {
            mode(&home.join("cozegate.toml"), 0o602);
        }),
        ("its folder is writable", &|home| mode(home, 0o777)),
        ("a link to a writable file", &|home| {
            fs::rename(home.join("cozegate.toml"), home.join("real.toml")).unwrap();
            mode(&home.join("real.toml"), 0o666);
            symlink(home.join("real.toml"), home.join("cozegate.toml")).unwrap();
        }),
        ("a link into a writable folder", &|home| {
            folder(&home.join("open"), 0o777);
            fs::rename(home.join("cozegate.toml"), home.join("open").join("real.toml")).unwrap();
            symlink(home.join("open").join("real.toml"), home.join("cozegate.toml")).unwrap();
        }),
        ("a writable program", &|home| {
            let text = COMMAND.replace("\"/bin/sh\", \"-c\", \"echo ran > ran; echo pat_x\"", "\"./token.sh\"");
            fs::write(home.join("cozegate.toml"), text).unwrap();
            fs::write(home.join("token.sh"), "#!/bin/sh\necho ran > ran; echo pat_x\n").unwrap();
            mode(&home.join("token.sh"), 0o777);
        }),
        ("a writable token", &|home| {
            let text = COMMAND.replace(
                "token_command = [\"/bin/sh\", \"-c\", \"echo ran > ran; echo pat_x\"]",
                "token_file = \"token\"",
            );
            fs::write(home.join("cozegate.toml"), text).unwrap();
            fs::write(home.join("token"), "pat_x").unwrap();
            mode(&home.join("token"), 0o606);
        }),
        ("the configuration of another user", &|home| {
            if !give_away(&home.join("cozegate.toml")) {
                println!("skipped: only root gives files away");
                mode(&home.join("cozegate.toml"), 0o666);
            }
        }),
    ];
    let good: [SetUp<'_>; 4] = [
        ("as made", &|_| {}),
        ("readable by all", &|home| mode(&home.join("cozegate.toml"), 0o644)),
        ("a sticky folder", &|home| mode(home, 0o1777)),
        ("a link", &|home| {
            fs::rename(home.join("cozegate.toml"), home.join("real.toml")).unwrap();
            symlink("real.toml", home.join("cozegate.toml")).unwrap();
        }),
    ];
    let (mut let_through, mut refused) = (Vec::new(), Vec::new());
    for language in ["en", "zh"] {
        for (name, prepare) in bad {
            let home = Home::new().file("cozegate.toml", COMMAND);
            prepare(home.path());
            let output = home
                .command(&["config", "check"])
                .env("LANG", format!("{language}_XX.UTF-8"))
                .output()
                .unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said).into_owned();
            let advice = ["chmod go-w", "chown"].iter().any(|advice| said.contains(advice));
            let is_in_language = said.contains("因此") == (language == "zh");
            if output.status.code() != Some(3) || !advice || !is_in_language || home.path().join("ran").exists() {
                let_through.push(format!("{name}: {:?} {said}", output.status.code()));
            }
        }
    }
    for (name, prepare) in good {
        let home = Home::new().file("cozegate.toml", COMMAND);
        prepare(home.path());
        if home.run(&["config", "check"]).status.code() != Some(0) || !home.path().join("ran").exists() {
            refused.push(name);
        }
    }

    println!(
        "files that others can change: bad tried {} / let through {}; good tried {} / refused {}",
        2 * bad.len(),
        let_through.len(),
        good.len(),
        refused.len()
    );
    assert_eq!((let_through, refused), (Vec::<String>::new(), Vec::<&str>::new()));
}

/// A core dump would hold tokens, handles and keys. With a limit of 0, Linux still hands one to a program behind a pipe; with
/// 1 it makes none.
#[cfg(target_os = "linux")]
#[test]
fn service_writes_no_core_dump() {
    let home = home();
    let gateway = home.start(&["serve"]);

    let limits = fs::read_to_string(format!("/proc/{}/limits", gateway.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();

    let numbers: Vec<&str> = core.split_whitespace().skip(4).collect();
    assert_eq!(numbers[..2], ["1", "1"], "{core}");
}

#[test]
fn configuration_that_became_writable_is_not_read_again() {
    let text = "[server]\nproxy_addr = \"127.0.0.1:0\"\nauth_addr = \"127.0.0.1:0\"\n\
                [apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken = \"pat_x\"\n";
    let home = Home::new().file("cozegate.toml", text);
    let mut gateway = home.start(&["serve"]);
    let lines = gateway.lines_of_stderr();
    let path = home.path().join("cozegate.toml");

    mode(&path, 0o666);
    fs::write(&path, COMMAND).unwrap();

    // It looks by itself; what it says is the event that this waits for.
    let said = lines.iter().find(|line| line.contains("chmod go-w")).unwrap();
    assert!(said.contains("cozegate.toml"), "{said}");
    assert!(!home.path().join("ran").exists());
    // Mended, it is read.
    mode(&path, 0o600);
    while !home.path().join("ran").exists() {
        std::thread::yield_now();
    }
}
