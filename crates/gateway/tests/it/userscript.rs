//! The userscript as it is served, and the secret by which its requests are known.

use crate::world::{Answer, World, send};

async fn get_script(world: &World, fields: &str) -> Answer {
    let request = format!("GET /cozegate.user.js HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", world.auth);
    send(world.auth, &request).await
}

async fn open(world: &World, fields: &str) -> Answer {
    let request = format!("POST /auth/session HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", world.auth);
    send(world.auth, &request).await
}

/// What stands behind `"pairing":` in the script.
fn pairing(script: &str) -> &str {
    script
        .split("\"pairing\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
}

#[tokio::test]
async fn script_is_for_the_person_at_the_machine() {
    let (world, _emulator) = World::with_emulator().await;

    let typed = get_script(&world, "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n").await;
    let by_tool = get_script(&world, "").await;
    let embedded = get_script(
        &world,
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n",
    )
    .await;
    let read = get_script(&world, "Origin: https://evil.example\r\n").await;

    assert_eq!((typed.status, by_tool.status), (200, 200));
    assert!(typed.text().starts_with("// ==UserScript==\n"));
    assert!(
        typed
            .text()
            .contains(&format!("\"auth_base\":\"http://{}\"", world.auth)),
        "it finds its way back"
    );
    assert_eq!(
        pairing(&typed.text()),
        pairing(&by_tool.text()),
        "the same for every update"
    );
    assert_eq!((embedded.status, read.status), (403, 403));
    // In browsers without fetch metadata this keeps other sites from running it.
    assert_eq!(typed.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(typed.header("cache-control"), Some("no-store"));
    world.stop().await;
}

#[tokio::test]
async fn extension_without_the_pairing_secret_opens_no_session() {
    let (world, _emulator) = World::with_emulator().await;
    let script = get_script(&world, "").await.text();
    let secret = pairing(&script);
    let of_extension = "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: cors\r\n";
    let in_firefox = "Sec-Fetch-Site: same-origin\r\n";
    let shown = |secret: &str| format!("X-Cozegate-Pairing: {secret}\r\n");
    let bad = [
        of_extension.to_owned(),
        in_firefox.to_owned(),
        format!("{of_extension}{}", shown("")),
        format!("{of_extension}{}", shown("x")),
        format!("{of_extension}{}", shown(&secret[1..])),
        format!("{of_extension}{}", shown(&format!("{secret}x"))),
        format!("{of_extension}{}", shown(&secret.to_uppercase())),
    ];
    let own_page = format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\n", world.auth);
    let good = [
        format!("{of_extension}{}", shown(secret)),
        format!("{in_firefox}{}", shown(secret)),
        own_page,
        "Origin: https://www.coze.cn\r\nSec-Fetch-Site: cross-site\r\n".to_owned(),
        String::new(),
    ];

    let mut let_through = Vec::new();
    for fields in &bad {
        let answer = open(&world, fields).await;
        if answer.status != 403 || answer.json()["type"] != "urn:cozegate:problem:pairing-needed" {
            let_through.push(fields);
        }
    }
    let mut refused = Vec::new();
    for fields in &good {
        if open(&world, fields).await.status != 200 {
            refused.push(fields);
        }
    }

    println!(
        "pairing: bad tried {} / let through {}; good tried {} / refused {}",
        bad.len(),
        let_through.len(),
        good.len(),
        refused.len()
    );
    assert_eq!((let_through, refused), (vec![], vec![]));
    world.stop().await;
}
