//! Kept files: fresh, confirmed, stale while their host is away, and thrown away.

use crate::metrics::{moved_by, once, scrape};
use crate::world::{Answer, Site};
use coze_auth::{Clock as _, ManualClock, UnixSeconds};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const PLAIN: &str = "/libs/cn/index.js";
const VERSIONED: &str = "/chat-app-sdk/1.2.0-beta.10/libs/cn/index.js";

/// A gateway that keeps files in a folder of the test, at a time of the test.
struct Kept {
    site: Site,
    clock: ManualClock,
    folder: TempDir,
}

impl Kept {
    async fn start() -> Self {
        Self::start_with(256, 3).await
    }

    async fn start_with(cache_mib: u32, slow_seconds: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(UnixSeconds(1_900_000_000));
        let path = folder.path().join("files");
        let site = Site::start_at(clock.clone(), |config| {
            config.files.cache_dir = Some(path);
            config.files.cache_mib = cache_mib;
            config.files.slow = Duration::from_secs(slow_seconds);
        })
        .await;
        Self { site, clock, folder }
    }

    /// The next answer of the host.
    fn answers(&self, fields: &str, file: &str) {
        let length = file.len();
        self.site.cdn.answer(&format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n{fields}Content-Length: {length}\r\n\r\n{file}"
        ));
    }

    fn confirms(&self, fields: &str) {
        self.site
            .cdn
            .answer(&format!("HTTP/1.1 304 Not Modified\r\n{fields}\r\n"));
    }

    /// Asks for a file; returns its text and where it came from.
    async fn get(&self, path: &str) -> (String, String) {
        let answer = self.site.get(path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.text(), status(&answer))
    }

    /// From now on nobody listens where the host was.
    fn host_goes_away(&self) {
        self.site.names.set("cdn.test", &[&[]]);
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// What asking for a file counts, and how many bytes are said to be kept then.
    async fn counted(&self, path: &str) -> Vec<(String, i64)> {
        let world = &self.site.world;
        let moved = moved_by(world, async {
            self.site.get(path).await;
        });
        let moved = moved.await;
        let on_disk: u64 = self.files().iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        assert_eq!(scrape(world).await["cozegate_file_cache_bytes"], on_disk.cast_signed());
        moved
    }

    fn files(&self) -> Vec<PathBuf> {
        files_in(&self.folder.path().join("files"))
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

fn status(answer: &Answer) -> String {
    answer.header("x-cozegate-cache").unwrap().to_owned()
}

fn pair(text: &str, status: &str) -> (String, String) {
    (text.to_owned(), status.to_owned())
}

#[tokio::test]
async fn fresh_file_is_not_asked_for_again_and_tells_its_age() {
    let kept = Kept::start().await;
    kept.answers("Cache-Control: max-age=100\r\n", "SDK = 1;");

    assert_eq!(kept.get(PLAIN).await, pair("SDK = 1;", "miss"));
    kept.pass(99);
    let answer = kept.site.get(PLAIN).await;

    assert_eq!((answer.text().as_str(), status(&answer).as_str()), ("SDK = 1;", "hit"));
    assert_eq!(answer.header("age"), Some("99"));
    assert_eq!(kept.site.cdn.connections(), 1);
    kept.site.world.stop().await;
}

#[tokio::test]
async fn stale_file_is_confirmed_by_its_host_or_replaced() {
    let mut kept = Kept::start().await;
    kept.answers(
        "Cache-Control: max-age=10\r\nETag: \"1\"\r\nLast-Modified: Tue, 01 Sep 2026 00:00:00 GMT\r\n",
        "one",
    );
    kept.get(PLAIN).await;
    kept.site.cdn.request().await;

    kept.pass(10);
    kept.confirms("ETag: \"1\"\r\nCache-Control: max-age=20\r\n");
    assert_eq!(kept.get(PLAIN).await, pair("one", "revalidated"));
    let question = kept.site.cdn.request().await.to_ascii_lowercase();
    assert!(question.contains("if-none-match: \"1\"\r\n"), "{question}");
    assert!(
        question.contains("if-modified-since: tue, 01 sep 2026 00:00:00 gmt\r\n"),
        "{question}"
    );
    kept.pass(19);
    assert_eq!(kept.get(PLAIN).await, pair("one", "hit"));

    kept.pass(1);
    kept.answers("Cache-Control: max-age=10\r\nETag: \"2\"\r\n", "two");
    assert_eq!(kept.get(PLAIN).await, pair("two", "miss"));
    assert_eq!(kept.get(PLAIN).await, pair("two", "hit"));

    // A confirmation of something else is none: the file is asked for without conditions.
    kept.pass(10);
    kept.confirms("ETag: \"3\"\r\n");
    kept.answers("ETag: \"3\"\r\n", "three");
    assert_eq!(kept.get(PLAIN).await, pair("three", "miss"));
    kept.site.world.stop().await;
}

#[tokio::test]
async fn each_file_is_counted_by_where_it_came_from_and_what_is_kept_by_its_bytes() {
    let asked = |status| {
        format!("cozegate_requests_total{{listener=\"proxy\",route=\"file\",method=\"GET\",status=\"{status}\"}}")
    };
    let from = |source| format!("cozegate_files_total{{cache=\"{source}\"}}");
    let told = |problem| format!("cozegate_problems_total{{problem=\"{problem}\"}}");
    let mut kept = Kept::start().await;
    kept.answers("Cache-Control: max-age=10\r\nETag: \"1\"\r\n", "one");

    assert_eq!(kept.counted(VERSIONED).await, once(&[&from("miss"), &asked("2xx")]));
    assert_eq!(kept.counted(VERSIONED).await, once(&[&from("hit"), &asked("2xx")]));
    assert!(!kept.files().is_empty());
    kept.site = kept.site.restart().await;
    assert_eq!(kept.counted(VERSIONED).await, once(&[&from("hit"), &asked("2xx")]));
    kept.pass(10);
    kept.confirms("ETag: \"1\"\r\n");
    assert_eq!(
        kept.counted(VERSIONED).await,
        once(&[&from("revalidated"), &asked("2xx")])
    );
    kept.pass(10);
    kept.site
        .cdn
        .answer_and_close("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(kept.counted(VERSIONED).await, once(&[&from("stale"), &asked("2xx")]));
    kept.site
        .cdn
        .answer_and_close("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        kept.counted(VERSIONED).await,
        once(&[&from("missing"), &told("file-not-found"), &asked("4xx")])
    );
    assert!(kept.files().is_empty());
    kept.site
        .cdn
        .answer_and_close("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        kept.counted(VERSIONED).await,
        once(&[&from("failed"), &told("file-host-failed"), &asked("5xx")])
    );
    kept.site
        .cdn
        .answer_and_close("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nportal");
    assert_eq!(
        kept.counted(VERSIONED).await,
        once(&[&from("refused"), &told("file-not-served"), &asked("5xx")])
    );
    kept.site.world.stop().await;
}

#[tokio::test]
async fn reload_of_a_page_asks_the_host() {
    let kept = Kept::start().await;
    kept.answers("Cache-Control: max-age=100\r\nETag: \"1\"\r\n", "one");
    kept.get(PLAIN).await;
    kept.confirms("ETag: \"1\"\r\n");

    let answer = kept
        .site
        .ask(
            &format!("GET /{}{PLAIN}", kept.site.base),
            "Cache-Control: no-cache\r\nPragma: no-cache\r\n",
        )
        .await;

    assert_eq!(status(&answer), "revalidated");
    kept.site.world.stop().await;
}

#[tokio::test]
async fn kept_file_takes_the_place_of_a_host_that_is_away_where_it_may() {
    let kept = Kept::start().await;
    let minute = "Cache-Control: max-age=60\r\n";
    for (path, fields) in [
        (PLAIN, minute),
        (VERSIONED, minute),
        ("/short.js", "Cache-Control: max-age=60, stale-if-error=5\r\n"),
        ("/1.2.0/strict.js", "Cache-Control: max-age=60, must-revalidate\r\n"),
    ] {
        kept.answers(fields, path);
        kept.get(path).await;
    }
    kept.host_goes_away();

    kept.pass(65);
    for path in [PLAIN, VERSIONED, "/short.js"] {
        assert_eq!(kept.get(path).await, pair(path, "stale"));
    }
    assert_eq!(kept.site.get("/1.2.0/strict.js").await.status, 502);

    kept.pass(1);
    assert_eq!(kept.site.get("/short.js").await.status, 502);
    kept.pass(86_400);
    assert_eq!(kept.site.get(PLAIN).await.status, 502);
    kept.pass(900 * 86_400);
    assert_eq!(kept.get(VERSIONED).await, pair(VERSIONED, "stale"));
    kept.site.world.stop().await;
}

#[tokio::test]
async fn kept_file_takes_the_place_of_every_wrong_answer_but_that_it_is_gone() {
    let kept = Kept::start().await;
    kept.answers("", "one");
    kept.get(VERSIONED).await;
    for answer in [
        "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nportal",
        "HTTP/1.1 302 x\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: 9\r\n\r\nSDK",
    ] {
        kept.site.cdn.answer_and_close(answer);
        assert_eq!(kept.get(VERSIONED).await, pair("one", "stale"), "{answer}");
    }

    kept.site.cdn.answer("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(kept.site.get(VERSIONED).await.status, 404);
    kept.host_goes_away();
    assert_eq!(kept.site.get(VERSIONED).await.status, 502, "it is not kept any longer");
    kept.site.world.stop().await;
}

#[tokio::test]
async fn slow_host_is_waited_for_behind_the_kept_file() {
    let mut kept = Kept::start_with(256, 0).await;
    kept.answers("ETag: \"1\"\r\n", "one");
    kept.get(VERSIONED).await;
    kept.site.cdn.request().await;
    let slow =
        "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\r\n";
    kept.site.cdn.answer_in_steps(&[slow, "two"]);

    assert_eq!(kept.get(VERSIONED).await, pair("one", "stale"));
    kept.site.cdn.request().await;
    assert_eq!(kept.get(VERSIONED).await, pair("one", "stale"));
    kept.site.cdn.go_on();
    // The answer comes in behind; whoever asks meanwhile gets the old file, or waits for its very end.
    while kept.get(VERSIONED).await == pair("one", "stale") {}

    assert_eq!(kept.get(VERSIONED).await, pair("two", "hit"));
    assert_eq!(kept.site.cdn.connections(), 2);
    kept.site.world.stop().await;
}

#[tokio::test]
async fn many_who_ask_at_once_cause_one_fetch() {
    let mut kept = Kept::start().await;
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nCache-Control: max-age=60\r\nContent-Length: 8\r\n\r\n";
    kept.site.cdn.answer_in_steps(&[head, "SDK = 1;"]);

    let (site, callers) = (&kept.site, 40);
    let asking = async { futures_util::future::join_all((0..callers).map(|_| site.get(PLAIN))).await };
    let answers = {
        tokio::pin!(asking);
        tokio::select! {
            biased;
            _ = &mut asking => unreachable!("the host has not answered"),
            () = async { while site.names.asked() == 0 { tokio::task::yield_now().await } } => {}
        }
        site.cdn.go_on();
        asking.await
    };

    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 && answer.text() == "SDK = 1;")
    );
    kept.site.cdn.request().await;
    println!("callers {callers} / fetches {}", kept.site.cdn.connections());
    assert_eq!(kept.site.cdn.connections(), 1);
    kept.site.world.stop().await;
}

#[tokio::test]
async fn what_must_not_be_kept_is_fetched_each_time() {
    let kept = Kept::start().await;
    for fields in [
        "Cache-Control: no-store\r\n",
        "Cache-Control: private, max-age=60\r\n",
        "Cache-Control: max-age=60\r\nVary: *\r\n",
    ] {
        for text in ["one", "two"] {
            kept.answers(fields, text);
            assert_eq!(kept.get(VERSIONED).await, pair(text, "miss"), "{fields}");
        }
        assert_eq!(kept.files(), Vec::<PathBuf>::new(), "{fields}");
    }
    kept.site.world.stop().await;
}

#[tokio::test]
async fn temporary_redirect_is_asked_again_and_a_permanent_one_is_not() {
    let kept = Kept::start().await;
    for (status, fetched_again) in [(301, false), (302, true), (303, true), (307, true), (308, false)] {
        let path = format!("/{status}.js");
        let redirect = format!("HTTP/1.1 {status} x\r\nLocation: /there.js\r\nContent-Length: 0\r\n\r\n");
        kept.site.cdn.answer(&redirect);
        kept.answers("Cache-Control: max-age=60\r\n", "one");
        kept.get(&path).await;
        let before = kept.site.cdn.connections();
        if fetched_again {
            kept.site.cdn.answer(&redirect);
            kept.answers("Cache-Control: max-age=60\r\n", "one");
        }

        kept.get(&path).await;

        assert_eq!(kept.site.cdn.connections() > before, fetched_again, "{status}");
    }
    kept.site.world.stop().await;
}

#[tokio::test]
async fn codings_are_kept_side_by_side() {
    let mut kept = Kept::start().await;
    for (accepted, asked, text) in [
        ("gzip, br", "br", "B"),
        ("gzip", "gzip", "G"),
        ("identity", "identity", "I"),
    ] {
        kept.answers(
            &format!("Cache-Control: max-age=60\r\nContent-Encoding: {asked}\r\n"),
            text,
        );
        let line = format!("GET /{}{PLAIN}", kept.site.base);
        let fields = format!("Accept-Encoding: {accepted}\r\n");
        for from in ["miss", "hit"] {
            let answer = kept.site.ask(&line, &fields).await;
            assert_eq!((answer.text().as_str(), status(&answer).as_str()), (text, from));
            assert_eq!(answer.header("content-encoding"), Some(asked));
        }
        let question = kept.site.cdn.request().await;
        assert!(
            question.contains(&format!("accept-encoding: {asked}\r\n")),
            "{question}"
        );
    }
    assert_eq!(kept.files().len(), 3);
    // Without the host, one that the caller takes is better than none; a coding that it does not take is not.
    kept.answers("Content-Encoding: br\r\n", "B");
    kept.site
        .ask(
            &format!("GET /{}{VERSIONED}", kept.site.base),
            "Accept-Encoding: br\r\n",
        )
        .await;
    kept.answers("", "plain");
    kept.site
        .ask(
            &format!("GET /{}/1.2.0/plain.js", kept.site.base),
            "Accept-Encoding: br\r\n",
        )
        .await;
    kept.host_goes_away();
    assert_eq!(kept.site.get(VERSIONED).await.status, 502);
    assert_eq!(kept.get("/1.2.0/plain.js").await, pair("plain", "stale"));
    kept.site.world.stop().await;
}

#[tokio::test]
async fn caller_that_has_the_file_is_sent_nothing() {
    let kept = Kept::start().await;
    kept.answers("Cache-Control: max-age=60\r\nETag: \"1\"\r\n", "SDK = 1;");
    let line = format!("GET /{}{PLAIN}", kept.site.base);
    for from in ["miss", "hit"] {
        let answer = kept.site.ask(&line, "If-None-Match: \"0\", W/\"1\"\r\n").await;
        assert_eq!(
            (answer.status, answer.body.len(), status(&answer).as_str()),
            (304, 0, from)
        );
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert_eq!(answer.header("cache-control"), Some("max-age=60"));
    }
    let head = kept.site.ask(&format!("HEAD /{}{PLAIN}", kept.site.base), "").await;
    assert_eq!(
        (head.status, head.header("content-length"), status(&head).as_str()),
        (200, Some("8"), "hit")
    );
    assert_eq!(kept.site.cdn.connections(), 1);
    kept.site.world.stop().await;
}

#[tokio::test]
async fn kept_files_outlive_the_process_and_a_damaged_one_is_fetched_again() {
    let kept = Kept::start().await;
    for path in [PLAIN, VERSIONED] {
        kept.answers("Cache-Control: max-age=60\r\n", path);
        kept.get(path).await;
    }
    let Kept { site, clock, folder } = kept;
    let (site, path) = (site.restart().await, folder.path().join("files"));
    let kept = Kept { site, clock, folder };
    assert_eq!(kept.get(PLAIN).await, pair(PLAIN, "hit"));
    assert_eq!(kept.site.cdn.connections(), 2);

    for file in files_in(&path) {
        let mut bytes = fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&file, bytes).unwrap();
    }
    let Kept { site, clock, folder } = kept;
    let kept = Kept {
        site: site.restart().await,
        clock,
        folder,
    };
    for path in [PLAIN, VERSIONED] {
        kept.answers("Cache-Control: max-age=60\r\n", path);
        assert_eq!(kept.get(path).await, pair(path, "miss"));
    }
    kept.host_goes_away();
    assert_eq!(kept.get(VERSIONED).await, pair(VERSIONED, "hit"));
    kept.site.world.stop().await;
}

#[tokio::test]
async fn what_was_not_used_for_longest_makes_room() {
    let kept = Kept::start_with(1, 3).await;
    let large = "x".repeat(400 * 1024);
    for path in ["/a.js", "/b.js"] {
        kept.answers("Cache-Control: max-age=600\r\n", &large);
        kept.get(path).await;
        kept.pass(1);
    }
    assert_eq!(kept.get("/a.js").await.1, "hit");
    kept.pass(1);

    kept.answers("Cache-Control: max-age=600\r\n", &large);
    kept.get("/c.js").await;

    let total: u64 = kept.files().iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(total <= 1024 * 1024, "{total}");
    assert_eq!(kept.files().len(), 2);
    assert_eq!(kept.get("/a.js").await.1, "hit");
    assert_eq!(kept.get("/c.js").await.1, "hit");
    kept.answers("Cache-Control: max-age=600\r\n", &large);
    assert_eq!(kept.get("/b.js").await.1, "miss");
    kept.site.world.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn folder_and_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let kept = Kept::start().await;
    kept.answers("Cache-Control: max-age=60\r\n", "SDK = 1;");
    kept.get(PLAIN).await;

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&kept.folder.path().join("files")), 0o700);
    let files = kept.files();
    assert_eq!((files.len(), mode(&files[0])), (1, 0o600));
    kept.site.world.stop().await;
}

#[tokio::test]
async fn without_room_nothing_is_kept() {
    let kept = Kept::start_with(0, 3).await;
    for text in ["one", "two"] {
        kept.answers("Cache-Control: max-age=60\r\n", text);
        assert_eq!(kept.get(PLAIN).await, pair(text, "miss"));
    }
    assert!(!kept.folder.path().join("files").exists());
    assert!(kept.clock.now().0 > 0);
    kept.site.world.stop().await;
}
