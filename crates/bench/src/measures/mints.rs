//! Assertions per second on one core, beside what the machine's OpenSSL can sign: a mint is one RSA signature and little else.

use super::bench::{Bench, Outcome};
use crate::certificates::openssl;
use crate::row::{Goal, Rounds, Row, short};
use crate::statistics::{Spread, paired_ratios};
use anyhow::Context as _;
use coze_auth::{Clock as _, JwtApp, Region, SessionName, SigningKey, Subject, SystemClock, SystemRandom};
use std::time::{Duration, Instant};

const LENGTH: Duration = Duration::from_secs(1);

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Outcome> {
    let (signing_key, _) = SigningKey::parse(&std::fs::read_to_string(&bench.private_key)?)?;
    let app = JwtApp::new("1100000000001", "bench", signing_key, Region::China.endpoints());
    let subject = Subject::of(SessionName::parse("user-1")?);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..bench.options.pairs {
        ours.push(mints_per_second(&app, &subject)?);
        theirs.push(openssl_per_second(bench)?);
    }
    let median = |figures: &[f64]| Spread::of(figures.to_vec()).map_or(f64::NAN, |spread| spread.median);
    let note = format!("{}/s, openssl {}/s", short(median(&ours)), short(median(&theirs)));
    let rounds = Rounds {
        used: ours.len(),
        ..Rounds::default()
    };
    let row = Row::of(
        "mints per second and core vs openssl speed rsa2048",
        Goal::at_least(0.85, 0.95),
        paired_ratios(&ours, &theirs),
        "",
        rounds,
    );
    Ok(Outcome {
        rows: vec![row.with_note(note)],
        charts: vec![],
    })
}

/// By CPU time of this thread, as `openssl speed` counts.
fn mints_per_second(app: &JwtApp, subject: &Subject) -> anyhow::Result<f64> {
    let (began_at, used_before) = (Instant::now(), thread_cpu());
    let mut mints = 0_u32;
    while began_at.elapsed() < LENGTH {
        app.assertion(subject, SystemClock.now(), &SystemRandom)?;
        mints += 1;
    }
    Ok(f64::from(mints) / thread_cpu().saturating_sub(used_before).as_secs_f64())
}

fn thread_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

fn openssl_per_second(bench: &Bench) -> anyhow::Result<f64> {
    let printed = openssl(&bench.home, "speed -seconds 1 rsa2048")?;
    read_speed(&printed).context("openssl speed prints no line for rsa 2048")
}

/// `rsa 2048 bits 0.000304s 0.000009s   3290.0 111204.9`; OpenSSL 3.4 calls it `rsa  2048 bits` and adds columns behind.
fn read_speed(printed: &str) -> Option<f64> {
    let line = printed.lines().find(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("rsa") && words.next() == Some("2048")
    })?;
    line.split_whitespace()
        .skip(3)
        .find_map(|word| word.parse::<f64>().ok())
}

#[cfg(test)]
mod tests {
    use super::read_speed;

    #[test]
    fn signatures_per_second_are_the_first_number_without_a_unit() {
        let printed = "version: 3.0.19\n                  sign    verify    sign/s verify/s\n\
                       rsa 2048 bits 0.000304s 0.000009s   3290.5 111204.9\n";

        assert_eq!(read_speed(printed), Some(3290.5));
        assert_eq!(read_speed("nothing"), None);
    }
}
