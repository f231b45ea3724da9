//! Part three: clocks that jump, a machine that sleeps, a store that is away.
//!
//! `coze-auth`'s tests (`clock_jumps`, `rotation`, `stores`) show each rule with a scripted platform and a store in memory.
//! Here the same happens to real stores, and the double judges what callers get: a token that it takes, or an error with
//! a name. Whoever gets a token that has ended by the platform's clock alone reports it refused, as the proxy does, and has
//! to get a good one at the next try.
//!
//! The store goes away behind `conformance::FaultyStore`: every call fails. Sleep moves both wall clocks by eight hours
//! and no timer, as a laptop's lid does; the store's own clock stays, so leases do not end by it.

use crate::check::{Check, Report};
use crate::kills::variant;
use crate::options::Options;
use crate::platform::{ENDED_AFTER, Kind, Platform, is_spent_token, slow, subject};
use crate::store_address::StoreAddress;
use coze_auth::conformance::FaultyStore;
use coze_auth::{AuthError, Policy, Subject, Token, TokenSource, TokenStore};
use coze_emulator::Entry;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const HOUR: i64 = 3_600;

/// How many ask at a time.
const CALLERS: usize = 16;

/// How often everybody asks while the store is away.
const QUESTIONS: u32 = 6;

/// Long enough for something to happen between the platform's act and its answer.
const ANSWER_DELAY: Duration = Duration::from_secs(1);

/// A failure is remembered for a minute at most.
const LONGEST_PAUSE: i64 = 61;

/// How long it may take until everything is as before, and how often that is looked at.
const LONGEST_RECOVERY: Duration = Duration::from_secs(10);
const ASK_AGAIN: Duration = Duration::from_millis(300);

/// What it means when the platform refuses a token that somebody was given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Refusal {
    IsWrong,
    /// Our clock could not tell; the next token has to be good.
    MayBeMended,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Disturbance {
    /// Our clock jumps by so many seconds, the platform's does not.
    ClockJump(i64),
    /// Our clock falls back by an hour, and the token ends while we take it for young.
    ClockBehindTheEnd,
    Sleep,
    SleepWhileRenewing,
    StoreAway,
    StoreAwayAtExpiry,
    /// The platform has rotated, and the pair cannot be saved.
    StoreAwayBeforeTheSave,
}

const ALL: [Disturbance; 8] = [
    Disturbance::ClockJump(HOUR),
    Disturbance::ClockJump(-HOUR),
    Disturbance::ClockBehindTheEnd,
    Disturbance::Sleep,
    Disturbance::SleepWhileRenewing,
    Disturbance::StoreAway,
    Disturbance::StoreAwayAtExpiry,
    Disturbance::StoreAwayBeforeTheSave,
];

impl Disturbance {
    fn name(self) -> String {
        match self {
            Self::ClockJump(seconds) => format!("our clock jumps by {:+} h", seconds / HOUR),
            Self::ClockBehindTheEnd => "our clock jumps by -1 h, then the token ends".to_owned(),
            Self::Sleep => "asleep for 8 h".to_owned(),
            Self::SleepWhileRenewing => "asleep for 8 h in the middle of a renewal".to_owned(),
            Self::StoreAway => "store away, token fresh".to_owned(),
            Self::StoreAwayAtExpiry => "store away, token ended".to_owned(),
            Self::StoreAwayBeforeTheSave => "store away when the new pair is to be saved".to_owned(),
        }
    }
}

/// What callers got.
#[derive(Debug, Default)]
struct Answers {
    taken: usize,
    /// Ended by the platform's clock only; refused there once, and the next try was taken.
    mended: usize,
    errors: BTreeMap<String, usize>,
    wrong: usize,
}

impl Answers {
    fn note(&mut self, error: &AuthError) {
        *self.errors.entry(variant(error.original())).or_default() += 1;
    }

    fn count(&self) -> usize {
        self.taken + self.mended + self.wrong + self.errors.values().sum::<usize>()
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>4} taken{:>4} mended{:>4} wrong",
            self.taken, self.mended, self.wrong
        )?;
        for (name, times) in &self.errors {
            write!(f, ", {times} {name}")?;
        }
        Ok(())
    }
}

/// What a disturbance came to.
struct Aftermath {
    row: String,
    answers: Answers,
    /// Refresh tokens that came a second time.
    double_redeems: usize,
    is_well: bool,
}

/// Lets everything happen on one store, to both kinds of apps, all at once.
pub(crate) async fn measure(store: &'static str, address: &StoreAddress, options: &Options) -> anyhow::Result<Report> {
    let opened = address.open().await?;
    let scenes = ALL.into_iter().flat_map(|disturbance| {
        [Kind::Jwt, Kind::Login].map(|kind| play(disturbance, kind, Arc::clone(&opened), options.store_away))
    });
    let played: Vec<Aftermath> = join_all(scenes).await.into_iter().collect::<anyhow::Result<_>>()?;
    let sum = |count: fn(&Aftermath) -> usize| played.iter().map(count).sum::<usize>();
    let rows: Vec<&str> = played.iter().map(|aftermath| aftermath.row.as_str()).collect();
    let table = format!(
        "{store}: what {CALLERS} callers get (store away: {} s)\n{}",
        options.store_away.as_secs(),
        rows.join("\n")
    );
    let wrong = sum(|aftermath| aftermath.answers.wrong);
    let double_redeems = sum(|aftermath| aftermath.double_redeems);
    let unwell = sum(|aftermath| usize::from(!aftermath.is_well));
    let check = Check::new(
        store,
        "clock jumps, sleep and a store that is away",
        format!(
            "{} answers, wrong {wrong}, double redeems {double_redeems}, not well afterwards {unwell}",
            sum(|aftermath| aftermath.answers.count())
        ),
        wrong + double_redeems + unwell == 0,
    );
    Ok(Report {
        tables: vec![table],
        checks: vec![check],
    })
}

async fn play(
    disturbance: Disturbance,
    kind: Kind,
    store: Arc<dyn TokenStore>,
    store_away: Duration,
) -> anyhow::Result<Aftermath> {
    let mut scene = Scene::begin(kind, store, &format!("{disturbance:?}")).await?;
    scene.disturb(disturbance, store_away).await?;
    let is_well = scene.is_well().await?;
    Ok(Aftermath {
        row: format!(
            "{:<46}{:<7}{}, afterwards {}",
            disturbance.name(),
            format!("{kind:?}"),
            scene.answers,
            if is_well { "well" } else { "NOT WELL" }
        ),
        double_redeems: scene
            .platform
            .token_requests()
            .iter()
            .filter(|entry| is_spent_token(entry))
            .count(),
        answers: scene.answers,
        is_well,
    })
}

/// One party to whom something happens.
struct Scene {
    platform: Platform,
    store: Arc<FaultyStore>,
    tokens: TokenSource,
    subject: Subject,
    answers: Answers,
}

impl Scene {
    /// Somebody has a token in hand.
    async fn begin(kind: Kind, store: Arc<dyn TokenStore>, name: &str) -> anyhow::Result<Self> {
        let platform = Platform::start().await?;
        let store = Arc::new(FaultyStore::new(store));
        let held = Arc::clone(&store) as Arc<dyn TokenStore>;
        let tokens = platform.source(platform.app(kind)?, held, Policy::default())?;
        let subject = subject(name)?;
        platform.first_token(kind, &tokens, &subject).await?;
        Ok(Self {
            platform,
            store,
            tokens,
            subject,
            answers: Answers::default(),
        })
    }

    async fn disturb(&mut self, disturbance: Disturbance, store_away: Duration) -> anyhow::Result<()> {
        match disturbance {
            Disturbance::ClockJump(seconds) => {
                self.platform.clocks.set_ours_wrong(seconds);
                self.ask(Refusal::IsWrong).await?;
                self.platform.clocks.set_ours_wrong(-seconds);
            }
            Disturbance::ClockBehindTheEnd => {
                self.platform.clocks.set_ours_wrong(-HOUR);
                self.platform.clocks.advance(ENDED_AFTER);
                self.ask(Refusal::MayBeMended).await?;
                self.platform.clocks.set_ours_wrong(HOUR);
            }
            Disturbance::Sleep => {
                self.platform.clocks.advance(8 * HOUR);
                self.ask(Refusal::IsWrong).await?;
            }
            Disturbance::SleepWhileRenewing => {
                let acted = self.renew_slowly()?;
                let clocks = self.platform.clocks.clone();
                let sleep = async { acted.await.map(|()| clocks.advance(8 * HOUR)) };
                let (asked, slept) = tokio::join!(self.ask(Refusal::IsWrong), sleep);
                asked?;
                slept?;
            }
            Disturbance::StoreAway => self.ask_without_store(store_away).await?,
            Disturbance::StoreAwayAtExpiry => {
                self.platform.clocks.advance(ENDED_AFTER);
                self.ask_without_store(store_away).await?;
            }
            Disturbance::StoreAwayBeforeTheSave => {
                let acted = self.renew_slowly()?;
                let store = Arc::clone(&self.store);
                let away = async {
                    acted.await?;
                    store.set_away(true);
                    sleep(store_away).await;
                    store.set_away(false);
                    anyhow::Ok(())
                };
                let (asked, away) = tokio::join!(self.ask(Refusal::IsWrong), away);
                asked?;
                away?;
            }
        }
        Ok(())
    }

    /// Lets the token end, and the next renewal wait between the platform's act and its answer; returns how to wait for
    /// the act.
    fn renew_slowly(&self) -> anyhow::Result<impl Future<Output = anyhow::Result<()>> + use<>> {
        self.platform.clocks.advance(ENDED_AFTER);
        self.platform.order(slow(Duration::ZERO, ANSWER_DELAY), None)?;
        let journal = self.platform.emulator.journal();
        Ok(async move {
            let acted = |entry: &Entry| entry.is_token_request() && entry.oauth.is_some() && entry.status.is_none();
            journal.wait_for(acted).await?;
            Ok(())
        })
    }

    async fn ask_without_store(&mut self, time: Duration) -> anyhow::Result<()> {
        self.store.set_away(true);
        for _ in 0..QUESTIONS {
            self.ask(Refusal::IsWrong).await?;
            sleep(time / QUESTIONS).await;
        }
        self.store.set_away(false);
        Ok(())
    }

    /// Lets everybody ask at once, and shows the platform what they get.
    async fn ask(&mut self, refusal: Refusal) -> anyhow::Result<()> {
        let mut asking = JoinSet::new();
        for _ in 0..CALLERS {
            let (tokens, subject) = (self.tokens.clone(), self.subject.clone());
            asking.spawn(async move { tokens.access_token(&subject).await });
        }
        for answer in asking.join_all().await {
            match answer {
                Ok(token) if self.is_taken(&token).await? => self.answers.taken += 1,
                Ok(token) if refusal == Refusal::MayBeMended => self.try_again(&token).await?,
                Ok(_) => self.answers.wrong += 1,
                Err(error) => self.answers.note(&error),
            }
        }
        Ok(())
    }

    /// Does what the proxy does after a 401.
    async fn try_again(&mut self, refused: &Token) -> anyhow::Result<()> {
        self.tokens.refused(&self.subject, refused);
        match self.tokens.access_token(&self.subject).await {
            Ok(token) if self.is_taken(&token).await? => self.answers.mended += 1,
            Ok(_) => self.answers.wrong += 1,
            Err(error) => self.answers.note(&error),
        }
        Ok(())
    }

    async fn is_taken(&self, token: &Token) -> anyhow::Result<bool> {
        self.platform.accepts(token.access_token().expose()).await
    }

    /// Says whether a token is to be had when all is over and no failure is remembered any more. Whoever hears "not now"
    /// asks again, as a client does: a pair that could not be saved is saved a little after its store is back.
    async fn is_well(&self) -> anyhow::Result<bool> {
        self.platform.heal()?;
        self.platform.clocks.advance(LONGEST_PAUSE);
        let deadline = Instant::now() + LONGEST_RECOVERY;
        loop {
            match self.tokens.access_token(&self.subject).await {
                Ok(token) => return self.is_taken(&token).await,
                Err(error) if error.retry_after().is_some() && Instant::now() < deadline => sleep(ASK_AGAIN).await,
                Err(_) => return Ok(false),
            }
        }
    }
}
