//! Opens an address in the person's browser.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// How long a launcher may take to say that it cannot: one that finds no browser ends within milliseconds.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// Returns whether the system knew how. The address stands in the arguments of the browser's process, where everybody on
/// the machine can read it: it must hold no secret. The browser does not inherit the variables called `secrets`, which
/// would stand in its environment, and in that of everything that it starts, for as long as it runs.
pub(super) fn open<'a>(url: &str, secrets: impl Iterator<Item = &'a str>) -> bool {
    let secrets: Vec<&str> = secrets.collect();
    open::commands(url).into_iter().any(|mut launcher| {
        for name in &secrets {
            launcher.env_remove(name);
        }
        launch(launcher)
    })
}

/// Starts a launcher, which may go on as long as the browser; returns whether it did not fail at once.
fn launch(mut launcher: Command) -> bool {
    launcher
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Ctrl-C at the terminal is for us.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut launcher, 0);
    let Ok(mut launcher) = launcher.spawn() else {
        return false;
    };
    for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
        match launcher.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => sleep(LOOK),
            Err(_) => return true,
        }
    }
    true
}
