//! What files cost: memory within one budget, a permit until the last byte has left, and no fetch that no caller waits for.

use crate::metrics::scrape;
use crate::world::{Answer, Site, send};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MIB: usize = 1024 * 1024;
/// More than the sockets of both ends take by themselves.
const LARGE: usize = 12 * MIB;

fn script(fields: &str, file: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n{fields}Content-Length: {}\r\n\r\n{file}",
        file.len()
    )
}

fn refusal(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
    let kind = text("type").trim_start_matches("urn:cozegate:problem:").to_owned();
    (answer.status, kind, text("limit"))
}

/// A caller that has read the first byte of an answer and reads no further.
async fn slow_reader(site: &Site, path: &str) -> TcpStream {
    let mut caller = TcpStream::connect(site.world.proxy).await.unwrap();
    let head = format!(
        "GET /{}{path} HTTP/1.1\r\nHost: {}\r\n\r\n",
        site.base, site.world.proxy
    );
    caller.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(caller.read_u8().await.unwrap(), b'H');
    caller
}

/// Asks until the answer is not the refusal that `kind` names: what a caller held comes back when its end has been seen.
async fn once_it_is_back(site: &Site, path: &str, kind: &str, prepare: impl Fn()) -> Answer {
    loop {
        prepare();
        let answer = site.get(path).await;
        if answer.status == 200 || refusal(&answer).1 != kind {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

struct Cached {
    site: Site,
    folder: TempDir,
}

impl Cached {
    async fn start(cache_mib: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("files");
        let site = Site::start_with(|config| {
            config.files.cache_dir = Some(path);
            config.files.cache_mib = cache_mib;
        })
        .await;
        Self { site, folder }
    }

    fn entries(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path().join("files")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

#[tokio::test]
async fn file_that_is_not_kept_counts_for_the_budget_until_it_has_left() {
    let site = Site::start_with(|config| {
        config.files.file_mib = 12;
        config.limits.buffer_mib = 1;
    })
    .await;
    let file = "x".repeat(LARGE);
    site.cdn.answer(&script("", &file));
    let reader = slow_reader(&site, "/a.js").await;

    site.cdn.answer(&script("", "SDK = 1;"));
    let refused = site.get("/b.js").await;
    assert_eq!(
        refusal(&refused),
        (503, "buffer-full".to_owned(), "limits.buffer_mib".to_owned())
    );
    assert_eq!(refused.header("retry-after"), Some("1"));

    drop(reader);
    let answer = once_it_is_back(&site, "/b.js", "buffer-full", || {
        site.cdn.answer(&script("", "SDK = 1;"));
    })
    .await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "SDK = 1;"));
    site.world.stop().await;
}

#[tokio::test]
async fn file_of_the_largest_size_fits_into_an_empty_budget_and_a_longer_one_into_none() {
    let site = Site::start_with(|config| {
        config.files.file_mib = 2;
        config.limits.buffer_mib = 1;
    })
    .await;
    let file = "x".repeat(2 * MIB);
    for answer in [
        script("", &file),
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{file}\r\n0\r\n\r\n",
            file.len()
        ),
    ] {
        site.cdn.answer(&answer);
        let answer = once_it_is_back(&site, "/a.js", "buffer-full", || {}).await;
        assert_eq!((answer.status, answer.body.len()), (200, 2 * MIB));
    }
    site.world.stop().await;
}

#[tokio::test]
async fn permit_of_a_file_is_held_until_its_last_byte_has_left() {
    let site = Site::start_with(|config| config.limits.exchanges = 1).await;
    let file = "x".repeat(LARGE);
    site.cdn.answer(&script("", &file));
    let mut reader = slow_reader(&site, "/a.js").await;

    let refused = site.get("/b.js").await;
    assert_eq!(
        refusal(&refused),
        (429, "too-many-streams".to_owned(), "limits.exchanges".to_owned())
    );
    assert_eq!(site.cdn.connections(), 1);

    let mut rest = vec![0; LARGE];
    reader.read_exact(&mut rest).await.unwrap();
    // The head stands before the file.
    let mut tail = Vec::new();
    while tail.len() < 2 {
        let answer = once_it_is_back(&site, "/b.js", "too-many-streams", || site.cdn.answer(&script("", "b"))).await;
        tail.push(answer.status);
    }
    assert_eq!(tail, [200, 200]);
    site.world.stop().await;
}

#[tokio::test]
async fn slow_readers_of_a_kept_file_hold_no_memory_for_it() {
    // A budget of one file: were it in memory, the second could not be fetched.
    let cached = Cached::start(64).await;
    let site = &cached.site;
    let file = "x".repeat(LARGE);
    let mut readers = Vec::new();
    for number in 0..4 {
        site.cdn.answer(&script("Cache-Control: max-age=60\r\n", &file));
        for _ in 0..4 {
            readers.push(slow_reader(site, &format!("/{number}.js")).await);
        }
    }
    assert_eq!(site.cdn.connections(), 4);
    let mut last = readers.pop().unwrap();
    drop(readers);

    let mut rest = Vec::new();
    let whole = async {
        let mut piece = vec![0; 64 * 1024];
        while !rest.ends_with(file.as_bytes()) {
            let read = last.read(&mut piece).await.unwrap();
            assert!(read > 0, "cut after {} bytes", rest.len());
            rest.extend_from_slice(&piece[..read]);
        }
    };
    whole.await;
    cached.site.world.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn evicted_files_are_sent_on_until_they_hold_too_much_disk_space() {
    let cached = Cached::start(16).await;
    let site = &cached.site;
    let file = "x".repeat(LARGE);
    let mut readers = Vec::new();
    // There is room for one entry; and for one file more that is being sent.
    for number in 0..4 {
        site.cdn.answer(&script("Cache-Control: max-age=60\r\n", &file));
        readers.push(slow_reader(site, &format!("/{number}.js")).await);
    }
    assert_eq!(cached.entries().len(), 1);

    let mut whole = Vec::new();
    for mut reader in readers {
        let mut rest = vec![0; LARGE];
        whole.push(reader.read_exact(&mut rest).await.is_ok());
    }

    assert_eq!(whole, [false, false, true, true]);
    cached.site.world.stop().await;
}

#[tokio::test]
async fn fetch_that_no_caller_waits_for_ends() {
    let mut site = Site::start().await;
    for method in ["GET", "HEAD"] {
        site.cdn
            .answer_in_steps(&["HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n", "never"]);
        let mut callers = Vec::new();
        for _ in 0..2 {
            let mut caller = TcpStream::connect(site.world.proxy).await.unwrap();
            let head = format!(
                "{method} /{}/a.js HTTP/1.1\r\nHost: {}\r\n\r\n",
                site.base, site.world.proxy
            );
            caller.write_all(head.as_bytes()).await.unwrap();
            callers.push(caller);
            if callers.len() == 1 {
                site.cdn.request().await;
            }
            if method == "HEAD" {
                break;
            }
        }

        drop(callers);

        site.cdn.connection_gone().await;
    }
    site.world.stop().await;
}

async fn both_are_under_way(site: &Site) {
    while scrape(&site.world).await["cozegate_requests_in_progress{listener=\"proxy\"}"] < 2 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn fetch_goes_on_while_one_of_its_callers_waits() {
    let mut site = Site::start().await;
    let whole = script("", "SDK = 1;");
    let (begin, end) = whole.split_at(60);
    site.cdn.answer_in_steps(&[begin, end]);
    let leaves = async {
        let mut caller = TcpStream::connect(site.world.proxy).await.unwrap();
        let head = format!("GET /{}/a.js HTTP/1.1\r\nHost: {}\r\n\r\n", site.base, site.world.proxy);
        caller.write_all(head.as_bytes()).await.unwrap();
        caller
    };
    let caller = leaves.await;
    site.cdn.request().await;
    let proxy = site.world.proxy;
    let request = format!("GET /{}/a.js HTTP/1.1\r\nHost: {proxy}\r\n\r\n", site.base);
    let answer = {
        let mut waiting = std::pin::pin!(send(proxy, &request));
        tokio::select! {
            biased;
            _ = &mut waiting => unreachable!("the host has not answered"),
            () = both_are_under_way(&site) => {}
        }
        drop(caller);
        site.cdn.go_on();
        waiting.await
    };

    assert_eq!((answer.status, answer.text().as_str()), (200, "SDK = 1;"));
    site.world.stop().await;
}

#[tokio::test]
async fn queries_of_a_versioned_path_are_one_file() {
    let mut cached = Cached::start(64).await;
    let path = "/chat-app-sdk/1.2.0-beta.10/libs/cn/index.js";
    cached
        .site
        .cdn
        .answer(&script("Cache-Control: max-age=60\r\n", "SDK = 1;"));
    let queries = 50;
    for number in 0..queries {
        let answer = cached.site.get(&format!("{path}?{number}")).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "SDK = 1;"), "{number}");
    }

    let asked = cached.site.cdn.request().await;
    assert!(asked.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{asked}");
    println!(
        "queries of a versioned path: bad tried {queries} / let through {}",
        cached.site.cdn.connections() - 1
    );
    assert_eq!((cached.site.cdn.connections(), cached.entries().len()), (1, 1));
    cached.site.world.stop().await;
}

#[tokio::test]
async fn queries_do_not_push_out_files() {
    let cached = Cached::start(1).await;
    let site = &cached.site;
    let minute = "Cache-Control: max-age=60\r\n";
    site.cdn.answer(&script(minute, &"x".repeat(200 * 1024)));
    assert_eq!(site.get("/libs/index.js").await.status, 200);
    let queries = 20;
    for number in 0..queries {
        site.cdn.answer(&script(minute, &"y".repeat(200 * 1024)));
        assert_eq!(site.get(&format!("/libs/other.js?{number}")).await.status, 200);
    }

    let answer = site.get("/libs/index.js").await;

    let kept = answer.header("x-cozegate-cache") == Some("hit");
    println!(
        "queries against a kept file: bad tried {queries} / let through {}",
        u8::from(!kept)
    );
    assert!(kept, "{answer:?}");
    let total: u64 = cached
        .entries()
        .iter()
        .map(|entry| fs::metadata(entry).unwrap().len())
        .sum();
    assert!(total <= MIB as u64, "{total}");
    cached.site.world.stop().await;
}

#[tokio::test]
async fn entry_that_another_program_wrote_is_a_miss() {
    let cached = Cached::start(64).await;
    let site = &cached.site;
    let minute = "Cache-Control: max-age=600\r\n";
    site.cdn.answer(&script(minute, "SDK = 1;"));
    assert_eq!(site.get("/libs/index.js").await.text(), "SDK = 1;");
    let entry = cached.entries().pop().unwrap();
    let sound = fs::read(&entry).unwrap();
    let planted = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = sound.clone();
        change(&mut bytes);
        bytes
    };
    let find = |bytes: &[u8], text: &str| {
        bytes
            .windows(text.len())
            .position(|window| window == text.as_bytes())
            .unwrap()
    };
    let entries = [
        // Other bytes of the same length, and of another; other fields; the format of before, whose digest had no key.
        planted(&|bytes| bytes[..8].copy_from_slice(b"alert(1)")),
        planted(&|bytes| bytes.splice(..8, *b"alert(origin)").for_each(drop)),
        planted(&|bytes| {
            let at = find(bytes, "max-age=600");
            bytes[at..at + 11].copy_from_slice(b"max-age=999");
        }),
        planted(&|bytes| bytes.truncate(bytes.len() - 1)),
        planted(&Vec::clear),
        format!("cozegate-file-1 {}\n{{}}\nalert(1)", "0".repeat(64)).into_bytes(),
    ];
    let mut let_through = 0;
    for bytes in &entries {
        fs::write(&entry, bytes).unwrap();
        site.cdn.answer(&script(minute, "SDK = 1;"));
        let answer = site.get("/libs/index.js").await;
        let_through += usize::from(answer.text() != "SDK = 1;" || answer.header("x-cozegate-cache") != Some("miss"));
    }
    // A link to a sound entry is no entry either.
    #[cfg(unix)]
    {
        let elsewhere = cached.folder.path().join("elsewhere");
        fs::write(&elsewhere, &sound).unwrap();
        fs::remove_file(&entry).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &entry).unwrap();
        site.cdn.answer(&script(minute, "SDK = 1;"));
        let_through += usize::from(site.get("/libs/index.js").await.header("x-cozegate-cache") != Some("miss"));
    }
    println!(
        "planted entries: bad tried {} / let through {let_through}",
        entries.len() + 1
    );
    assert_eq!(let_through, 0);
    assert_eq!(site.get("/libs/index.js").await.header("x-cozegate-cache"), Some("hit"));
    cached.site.world.stop().await;
}

/// Nothing of an answer that was broken off stays behind.
#[tokio::test]
async fn unfinished_entries_are_removed() {
    let cached = Cached::start(64).await;
    let cut = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nCache-Control: max-age=60\r\nContent-Length: {LARGE}\r\n\r\n{}",
        "x".repeat(MIB)
    );
    cached.site.cdn.answer_and_close(&cut);

    assert_eq!(cached.site.get("/a.js").await.status, 502);

    assert_eq!(cached.entries(), Vec::<&Path>::new());
    cached.site.world.stop().await;
}
