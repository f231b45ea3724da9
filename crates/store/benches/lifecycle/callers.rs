//! Part two: however many ask, there is one renewal.

use crate::check::{Check, Report};
use crate::platform::{ENDED_AFTER, Kind, Platform, subject};
use crate::store_address::StoreAddress;
use coze_auth::{AuthError, Policy, Subject, Token, TokenSource, TokenStore};
use std::fmt::Write as _;
use std::sync::Arc;
use tokio::task::JoinSet;

const CALLERS: [usize; 3] = [1, 64, 1_000];

/// When they ask.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The process has just begun: it has no token in hand. In the store there is none of a service app, and an ended one of
    /// a login.
    Cold,
    /// The token in hand has just ended.
    AtExpiry,
}

/// What came of one crowd.
struct Crowd {
    renewals: usize,
    /// Callers with the one new token, which the platform takes.
    served: usize,
}

/// Lets crowds of every size ask on one store.
pub(crate) async fn measure(store: &'static str, address: &StoreAddress) -> anyhow::Result<Report> {
    let opened = address.open().await?;
    let platform = Platform::start().await?;
    let mut table = format!("{store}: renewals for so many callers at once");
    let (mut crowds, mut not_one, mut unserved) = (0, 0, 0);
    for kind in [Kind::Jwt, Kind::Login] {
        for moment in [Moment::Cold, Moment::AtExpiry] {
            for callers in CALLERS {
                let crowd = gather(&platform, &opened, kind, moment, callers).await?;
                crowds += 1;
                not_one += usize::from(crowd.renewals != 1);
                unserved += callers - crowd.served;
                write!(
                    table,
                    "\n{:<7}{:<12}{callers:>6} callers{:>4} renewals{:>6} served",
                    format!("{kind:?}"),
                    format!("{moment:?}"),
                    crowd.renewals,
                    crowd.served
                )?;
            }
        }
    }
    let check = Check::new(
        store,
        "a crowd of callers causes one renewal",
        format!(
            "{crowds} crowds of up to 1000, with more or less than one renewal {not_one}, callers unserved {unserved}"
        ),
        not_one + unserved == 0,
    );
    Ok(Report {
        tables: vec![table],
        checks: vec![check],
    })
}

async fn gather(
    platform: &Platform,
    store: &Arc<dyn TokenStore>,
    kind: Kind,
    moment: Moment,
    callers: usize,
) -> anyhow::Result<Crowd> {
    let source = || platform.source(platform.app(kind)?, Arc::clone(store), Policy::default());
    let subject = subject(&format!("{kind:?}-{moment:?}-{callers}"))?;
    let before = source()?;
    if !matches!((kind, moment), (Kind::Jwt, Moment::Cold)) {
        platform.first_token(kind, &before, &subject).await?;
    }
    let asked = match moment {
        Moment::Cold => source()?,
        Moment::AtExpiry => before,
    };
    platform.clocks.advance(ENDED_AFTER);
    platform.emulator.journal().clear();

    let answers = ask_at_once(&asked, &subject, callers).await;

    let renewals = platform.token_requests().len();
    let tokens: Vec<&str> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().ok())
        .map(|token| token.access_token().expose())
        .collect();
    let served = match tokens.first() {
        Some(first) if platform.accepts(first).await? => tokens.iter().filter(|token| *token == first).count(),
        Some(_) | None => 0,
    };
    Ok(Crowd { renewals, served })
}

/// Lets so many callers ask, each as a task of its own.
async fn ask_at_once(tokens: &TokenSource, subject: &Subject, callers: usize) -> Vec<Result<Token, AuthError>> {
    let mut asking = JoinSet::new();
    for _ in 0..callers {
        let (tokens, subject) = (tokens.clone(), subject.clone());
        asking.spawn(async move { tokens.access_token(&subject).await });
    }
    asking.join_all().await
}
