//! The process that dies: a token source as the product has it, over a store that waits where it is told to.

use super::held_store::{Gate, HeldStore};
use super::wire::{Order, Outcome, Report};
use crate::platform::{endpoints, pkce_app, source, subject};
use crate::shifted_clock::ShiftedClock;
use anyhow::bail;
use coze_auth::Policy;
use std::io::{self, BufRead as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinSet;

/// An eighth of the product's lease: most renewals of a full run take longer, so it has to be prolonged, and survivors do
/// not wait long for the end of a dead one's. A process that gets no turn for most of this loses it, as it should.
const LEASE_TIME: Duration = Duration::from_secs(4);
const TAKEOVER_GRACE: Duration = Duration::from_secs(1);

/// Does what the conductor says until it says no more.
pub(crate) fn work() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(follow(orders()))
}

async fn follow(mut orders: UnboundedReceiver<Order>) -> anyhow::Result<()> {
    let Some(Order::Begin(setup)) = orders.recv().await else {
        bail!("a worker is told first what it is");
    };
    let gate = Arc::new(Gate::default());
    let store = HeldStore::new(setup.store.open().await?, Arc::clone(&gate));
    let clock = ShiftedClock::default();
    let policy = Policy {
        lease_time: LEASE_TIME,
        takeover_grace: TAKEOVER_GRACE,
        ..Policy::default()
    };
    let app = pkce_app(setup.client_id, endpoints(&setup.api_base)?);
    let tokens = source(app, &setup.user_agent, Arc::new(store), &clock, policy)?;
    let mut questions = JoinSet::new();
    Report::Ready.send();
    while let Some(order) = orders.recv().await {
        match order {
            Order::Begin(_) => bail!("a worker is told once what it is"),
            Order::GoOn => gate.go_on(),
            Order::Ask {
                subject: name,
                clock_ahead,
                stop,
            } => {
                clock.set_ahead(clock_ahead);
                gate.set(stop);
                let (tokens, subject) = (tokens.clone(), subject(&name)?);
                questions.spawn(async move {
                    let outcome = Outcome::of(tokens.access_token(&subject).await);
                    Report::Answer(outcome).send();
                });
            }
        }
    }
    Ok(())
}

/// Reads orders on a thread of its own, until the conductor closes the pipe or dies.
fn orders() -> UnboundedReceiver<Order> {
    let (sender, orders) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let Ok(order) = serde_json::from_str(&line) else { break };
            if sender.send(order).is_err() {
                break;
            }
        }
    });
    orders
}
