//! No secret and no user's name stands in the store's files or in a `Debug` output, in whatever spelling.

use crate::backends::{NOW, SqliteFile, key, login, over, record, token_set};
use crate::servers::fresh_text;
use coze_auth::{SystemRandom, TokenStore as _};
use cozegate_store::{Backend, HandleRegister, TicketRecord};
use std::path::Path;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// Returns the spellings under which a text could hide: as it is, in hexadecimal and in base64 at each of three offsets.
fn spellings(canary: &str) -> Vec<Vec<u8>> {
    let hex = canary
        .bytes()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let mut spellings = vec![
        canary.as_bytes().to_vec(),
        hex.clone().into_bytes(),
        hex.to_uppercase().into_bytes(),
    ];
    for offset in 0..3 {
        let shifted = [&b"xx"[..offset], canary.as_bytes()].concat();
        let encoded = base64(&shifted);
        // The first group holds the filling, the last one depends on what follows.
        let end = encoded.len() - encoded.len() % 4 - 4;
        spellings.push(encoded.as_bytes()[4..end].to_vec());
    }
    spellings
}

/// The canaries are lower-case hexadecimal digits, for which both alphabets of base64 agree.
fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::prelude::BASE64_STANDARD_NO_PAD.encode(bytes)
}

/// Returns where a canary is found in the files of `folder`.
fn find_in_files(folder: &Path, canaries: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let content = std::fs::read(&path).unwrap();
        for (name, canary) in canaries {
            for spelling in spellings(canary) {
                if content.windows(spelling.len()).any(|window| window == spelling) {
                    found.push(format!("{name} in {}", path.display()));
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn store_files_hold_no_secret_and_no_name() {
    let file = SqliteFile::new();
    let [access, refresh, user, browser, visitor] = std::array::from_fn(|_| fresh_text());
    let database = file.open().await;
    let first = token_set(&format!("czu_{access}"), &refresh);
    let version = database.save(&key(&user), over(&first, None)).await.unwrap();
    let second = token_set("czu_next", "next");
    database.save(&key(&user), over(&second, Some(version))).await.unwrap();
    let handle = HandleRegister::new(database.clone())
        .issue(record(&user, NOW + HOUR), NOW, &SystemRandom)
        .await
        .unwrap();
    let backend = Backend::from(database.clone());
    let begun = login(&browser);
    backend.save_login(&begun).await.unwrap();
    let written = String::from_utf8(begun.pending.to_secret_bytes().to_vec()).unwrap();
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    let record = TicketRecord {
        caller: "shop".to_owned(),
        subject: visitor.clone(),
        bot_ids: Vec::new(),
        origin: None,
    };
    let ticket = backend.issue_ticket(&record, NOW, HOUR, &SystemRandom).await.unwrap();
    let canaries = [
        ("access token", access.as_str()),
        ("refresh token", &refresh),
        ("user", &user),
        ("browser", &browser),
        ("state", begun.pending.state().expose()),
        ("verifier", written["code_verifier"].as_str().unwrap()),
        ("visitor", &visitor),
        ("handle", handle.expose()),
        ("ticket", ticket.expose()),
    ];

    // Once while the write-ahead log is full, once when it has been written back.
    let mut found = find_in_files(file.folder.path(), &canaries);
    let debug = format!("{database:?} {begun:?} {handle:?} {ticket:?}");
    database.close().await;
    found.extend(find_in_files(file.folder.path(), &canaries));
    let shown = canaries.iter().filter(|(_, canary)| debug.contains(canary));
    found.extend(shown.map(|(name, _)| format!("{name} in a Debug output")));
    // A store that keeps nothing shows nothing either.
    let reopened = file.open().await;
    let backend = Backend::from(reopened.clone());
    let handles = HandleRegister::new(reopened.clone());
    let kept = [
        reopened.load(&key(&user)).await.unwrap().is_some(),
        handles.find(handle.expose(), NOW).await.unwrap().is_some(),
        backend.spend_login(begun.pending.state(), NOW).await.unwrap().is_some(),
        backend.spend_ticket(ticket.expose(), NOW).await.unwrap().is_some(),
    ];
    let lost = kept.iter().filter(|is_kept| !**is_kept).count();

    println!(
        "canaries in the store's files and Debug outputs: bad tried {} / let through {}; good tried {} / refused {lost}",
        canaries.len() * (2 * spellings(&user).len() + 1),
        found.len(),
        kept.len()
    );
    assert_eq!((found, lost), (Vec::new(), 0));
}

#[test]
fn search_finds_what_it_is_meant_to_find() {
    let folder = tempfile::tempdir().unwrap();
    let canary = fresh_text();
    let hex = canary
        .bytes()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let spelled = [
        canary.clone(),
        hex,
        base64(format!("{canary}end").as_bytes()),
        base64(format!("1{canary}").as_bytes()),
        base64(format!("12{canary}").as_bytes()),
        base64(format!("123{canary}").as_bytes()),
    ];
    for (number, text) in spelled.iter().enumerate() {
        std::fs::write(folder.path().join(number.to_string()), format!("..{text}..")).unwrap();
    }

    let found = find_in_files(folder.path(), &[("canary", &canary)]);

    let is_found = |number: &usize| found.iter().any(|place| place.ends_with(&number.to_string()));
    let unseen: Vec<usize> = (0..spelled.len()).filter(|number| !is_found(number)).collect();
    println!(
        "canaries that the search has to find: bad tried {} / let through {}; good tried 0 / refused 0",
        spelled.len(),
        unseen.len()
    );
    assert!(unseen.is_empty(), "{unseen:?} of {spelled:?}: {found:?}");
}
