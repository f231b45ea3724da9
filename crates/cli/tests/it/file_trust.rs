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
