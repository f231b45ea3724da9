//! What the binary does when it may not open the store: it says so, and serves nobody.

use crate::binary::Home;
use serde_json::Value;
use std::path::PathBuf;

const APP: &str = "[apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken_file = \"token\"\n";
const SERVE: [&str; 5] = ["serve", "--proxy-addr", "127.0.0.1:0", "--auth-addr", "127.0.0.1:0"];

/// A home whose store was made by an earlier run.
fn used() -> Home {
    let home = Home::new()
        .file("cozegate.toml", APP)
        .file("token", "not-a-real-token\n");
    drop(home.start(&SERVE));
    home
}

fn state(home: &Home, name: &str) -> PathBuf {
    home.path().join(".local/state/cozegate").join(name)
}

/// Starts the service, which is expected to end at once; returns its exit code and what it says.
fn refusal(home: &Home) -> (Option<i32>, Value) {
    let mut started = home.start(&SERVE);
    let error = started.announced["error"].take();
    // One that serves would never end by itself.
    assert!(error.is_object(), "it serves: {}", started.announced);
    (started.wait().0, error)
}

#[cfg(unix)]
#[test]
fn store_of_another_key_is_refused() {
    let home = used();
    assert!(state(&home, "cozegate.db").exists());
    std::fs::remove_file(state(&home, "store.key")).unwrap();

    let (code, error) = refusal(&home);

    assert_eq!(code, Some(3));
    insta::assert_snapshot!(serde_json::to_string_pretty(&error).unwrap(), @r#"
    {
      "causes": [
        "the store is sealed with another key than the one given here; every process on one store needs the same key"
      ],
      "details": [],
      "hints": [
        "The section [store] of the configuration says where it is and which key seals it; docs/reference/configuration.md explains both."
      ],
      "kind": "configuration",
      "message": "The store (SQLite) could not be opened."
    }
    "#);
}

#[cfg(unix)]
#[test]
fn store_that_others_may_read_is_refused_by_name() {
    use std::os::unix::fs::PermissionsExt as _;
    for name in ["cozegate.db", "store.key"] {
        let home = used();
        let file = state(&home, name);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();

        let (code, error) = refusal(&home);

        assert_eq!(code, Some(3));
        let file = file.display();
        let said = format!("{file} may be read by others (mode 644); make it yours alone: chmod 600");
        assert_eq!(error["causes"][0], said);
    }
}
