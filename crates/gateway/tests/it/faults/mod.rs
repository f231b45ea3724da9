//! A sick or hostile platform: what callers see of each of its faults is what docs/reference/upstream-faults.md says,
//! and nothing panics or waits beyond the configured ends.

mod caller;
mod certificates;
mod fault;
mod list;
mod upstream;
mod websockets;

use crate::world::{World, demo_app, fixed_app};
use certificates::Certificates;
use coze_auth::{Endpoints, SystemRandom};
use coze_emulator::{Emulator, EmulatorConfig};
use cozegate_config::{AppConfig, Config};
use cozegate_gateway::store;
use fault::{Fault, Kind};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const PAGE: &str = include_str!("../../../../../docs/reference/upstream-faults.md");

/// Twice what a fault with hanging may take altogether (connecting, the head, a pause of the body), and the machine's
/// own slowness.
const DEADLINE: Duration = Duration::from_secs(30);

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// A task that panics ends a connection without a word, so panics are counted where they happen.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        let own = std::thread::current().name().map(str::to_owned);
        std::panic::set_hook(Box::new(move |info| {
            // A neighbour that fails says so itself.
            let thread = std::thread::current().name().map(str::to_owned);
            if thread == own || thread.is_some_and(|name| name.starts_with("proxy-")) {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            usual(info);
        }));
    });
}

/// A gateway before many platforms, two apps for each: one with a fixed token, one that has to get its own.
async fn world(faults: &[Arc<Fault>], change: impl FnOnce(&mut Config)) -> World {
    let keys = Emulator::start(EmulatorConfig::default()).await.unwrap();
    let mut apps = BTreeMap::new();
    for (index, fault) in faults.iter().enumerate() {
        let scheme = if fault.over_tls { "https" } else { "http" };
        let base = format!("{scheme}://{}", upstream::start(Arc::clone(fault)).await);
        for (kind, app) in [("fixed", fixed_app("fixed", &base)), ("own", demo_app(&keys))] {
            let name = format!("{kind}-{index}");
            let endpoints = Endpoints::from_api_base(&base.parse().unwrap());
            let app = AppConfig {
                name: name.clone(),
                endpoints,
                ..app
            };
            apps.insert(name, app);
        }
    }
    let backend = store::in_memory(Arc::new(SystemRandom)).await.unwrap();
    World::start_on(backend, fixed_app("main", "http://127.0.0.1:9"), |config| {
        config.apps.extend(apps);
        change(config);
    })
}

/// Tries every fault with every kind of request that it can happen to; returns what came of it, by fault and kind.
async fn try_all(world: &World, faults: &[Arc<Fault>]) -> Vec<Vec<String>> {
    let slots = Arc::new(Semaphore::new(48));
    let mut tries = JoinSet::new();
    for (index, fault) in faults.iter().enumerate() {
        for (column, kind) in fault.kinds.iter().copied().enumerate() {
            let app = if kind == Kind::Token { "own" } else { "fixed" };
            let handle = world.handle_of(&format!("{app}-{index}")).await;
            let (proxy, fault, slots) = (world.proxy, Arc::clone(fault), Arc::clone(&slots));
            tries.spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                let outcome = tokio::time::timeout(DEADLINE, one_try(proxy, &fault, kind, &handle)).await;
                (index, column, outcome.unwrap_or_else(|_| "hangs".to_owned()))
            });
        }
    }
    let mut outcomes: Vec<_> = faults
        .iter()
        .map(|fault| vec![String::new(); fault.kinds.len()])
        .collect();
    while let Some(tried) = tries.join_next().await {
        let (index, column, outcome) = tried.unwrap();
        outcomes[index][column] = outcome;
    }
    outcomes
}

async fn one_try(proxy: SocketAddr, fault: &Fault, kind: Kind, handle: &str) -> String {
    let Some(heard) = caller::ask(proxy, caller::request(kind, proxy, handle)).await else {
        // The connection ended before the answer had begun: cut at the earliest point.
        return "cut".to_owned();
    };
    if kind == Kind::Token && heard.status == 200 {
        return "served".to_owned();
    }
    let script = upstream::script(fault, kind);
    let meant = script.as_ref().and_then(|script| script.meant.as_ref());
    match &script {
        Some(script) if heard.status == 101 => heard.outcome_of_websocket(meant, &script.steps),
        _ => heard.outcome(meant),
    }
}

/// The rows of the page, by fault.
fn documented() -> BTreeMap<&'static str, Vec<&'static str>> {
    let (_, tables) = PAGE.split_once("\n| fault |").unwrap();
    let lines = tables.lines().filter(|line| !line.starts_with("| fault |"));
    let rows = lines.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").map(|cell| cell.trim_matches('`')).collect::<Vec<_>>());
    rows.map(|cells| (cells[0], cells[1..].to_vec())).collect()
}

/// What is not as it stands on the page, as it would stand there.
fn undocumented(faults: &[Arc<Fault>], outcomes: &[Vec<String>]) -> Vec<String> {
    let documented = documented();
    let tried = faults.iter().zip(outcomes);
    let wrong = tried.filter(|(fault, seen)| {
        let expected = documented.get(fault.name).cloned().unwrap_or_default();
        expected != **seen
    });
    wrong
        .map(|(fault, seen)| format!("| {} | {} |", fault.name, seen.join(" | ")))
        .collect()
}

/// The ends of a gateway for those faults that nothing else ends.
fn impatiently(config: &mut Config) {
    config.timeouts.connect = Duration::from_secs(1);
    config.timeouts.head = Duration::from_secs(1);
    config.timeouts.idle = Duration::from_secs(1);
}

#[tokio::test]
async fn every_fault_of_the_platform_leaves_what_the_page_says() {
    count_panics();
    let shared = |lists: [Vec<Fault>; 3]| lists.into_iter().flatten().map(Arc::new).collect::<Vec<_>>();
    let quick = shared([
        list::quick(),
        websockets::quick(),
        certificates::faults(&Certificates::issue()),
    ]);
    let hanging = shared([list::hanging(), websockets::hanging(), vec![]]);
    let patient = world(&quick, |_| {}).await;
    let impatient = world(&hanging, impatiently).await;

    let (mut outcomes, hung) = tokio::join!(try_all(&patient, &quick), try_all(&impatient, &hanging));
    outcomes.extend(hung);

    let faults = [quick, hanging].concat();
    let wrong = undocumented(&faults, &outcomes);
    let hangs = outcomes.iter().flatten().filter(|outcome| *outcome == "hangs").count();
    let panics = PANICS.load(Ordering::Relaxed);
    let tried = |kind| faults.iter().filter(|fault| fault.kinds.contains(&kind)).count();
    println!(
        "faults {} / tried {}, of them on WebSockets {} / panics {panics} / hangs {hangs} / undocumented answers {}",
        faults.len(),
        outcomes.iter().flatten().count(),
        tried(Kind::WebSocket),
        wrong.len()
    );
    assert!(wrong.is_empty(), "not as the page says:\n{}", wrong.join("\n"));
    assert_eq!((panics, hangs), (0, 0));
    let names: BTreeSet<_> = faults.iter().map(|fault| fault.name).collect();
    let untried: Vec<_> = documented().into_keys().filter(|name| !names.contains(name)).collect();
    assert_eq!(untried, Vec::<&str>::new(), "on the page, and tried by nobody");
    patient.stop().await;
    impatient.stop().await;
}
