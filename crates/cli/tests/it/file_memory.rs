//! The memory of the real binary while hundreds of callers ask for large files and do not read them.

use crate::binary::{Home, Started};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

const FILE_BYTES: usize = 5 * 1024 * 1024;
const CALLERS: usize = 300;
/// What the process may grow by.
const MOST_KIB: u64 = 64 * 1024;

/// A host whose every path is a file of [`FILE_BYTES`].
fn file_host(fields: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let file = vec![b'x'; FILE_BYTES];
        for stream in listener.incoming() {
            let (mut stream, file) = (stream.unwrap(), file.clone());
            std::thread::spawn(move || {
                let mut head = [0; 4096];
                let read = stream.read(&mut head).unwrap_or(0);
                assert!(read == 0 || head.starts_with(b"GET "));
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n{fields}Content-Length: {FILE_BYTES}\r\n\r\n"
                );
                // A fetch that the gateway has no room for is cut.
                drop(
                    stream
                        .write_all(answer.as_bytes())
                        .and_then(|()| stream.write_all(&file)),
                );
            });
        }
    });
    port
}

/// A number of `/proc/PID/status`, in KiB.
fn status_of(started: &Started, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", started.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Asks for `path` and reads the status of the answer, and no more.
fn ask(proxy: &str, path: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(proxy).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {proxy}\r\n\r\n").unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    (stream, String::from_utf8_lossy(&status[9..]).into_owned())
}

#[test]
fn callers_that_do_not_read_large_files_cost_less_than_64_mib() {
    for (name, settings, fields) in [
        ("kept on disk", "", "Cache-Control: max-age=600\r\n"),
        ("kept nowhere", "cache_mib = 0\n", "Cache-Control: max-age=600\r\n"),
        ("must not be kept", "", "Cache-Control: no-store\r\n"),
    ] {
        let host = format!("http://127.0.0.1:{}", file_host(fields));
        let home = Home::new().file(
            "cozegate.toml",
            &format!(
                "[server]\nproxy_addr = \"127.0.0.1:0\"\nauth_addr = \"127.0.0.1:0\"\n\
                 [files]\nprivate_hosts = [\"{host}\"]\n{settings}\
                 [apps.main]\nkind = \"pat\"\nregion = \"cn\"\ntoken = \"pat_file_memory\"\n"
            ),
        );
        let mut gateway = home.start(&["serve"]);
        let lines = gateway.lines_of_stderr();
        let proxy = gateway.address("/proxy");
        // Once through, so that everything that is made once has been made.
        let (mut first, status) = ask(&proxy, &format!("/{host}/libs/first.js"));
        assert_eq!(status, "200");
        let mut file = vec![0; FILE_BYTES];
        first.read_exact(&mut file).unwrap();
        let before = status_of(&gateway, "VmRSS:");

        // As many at a time as a page's browsers would: all at once, each from a thread of its own.
        let asked: Vec<_> = (0..CALLERS)
            .map(|number| {
                let (proxy, path) = (proxy.clone(), format!("/{host}/libs/chat.js?{number}"));
                std::thread::spawn(move || ask(&proxy, &path))
            })
            .collect();
        let held: Vec<_> = asked.into_iter().map(|thread| thread.join().unwrap()).collect();

        let (now, peak) = (status_of(&gateway, "VmRSS:"), status_of(&gateway, "VmHWM:"));
        let served = held.iter().filter(|(_, status)| status == "200").count();
        println!(
            "{name}: {CALLERS} callers that do not read, {served} served, {} refused: {} MiB more, {} MiB at the most",
            CALLERS - served,
            now.saturating_sub(before) / 1024,
            peak.saturating_sub(before) / 1024
        );
        assert!(held.iter().all(|(_, status)| status == "200" || status == "503"));
        assert!(served > 0);
        assert!(peak.saturating_sub(before) < MOST_KIB, "{before} {now} {peak}");
        // A caller that reads is served while they hold on.
        let (_, status) = ask(&proxy, "/");
        assert_eq!(status, "200");
        drop((held, lines));
    }
}
