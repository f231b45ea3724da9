//! Redis behind a network that drops bytes without a word: the store works again when the network does, without a restart.
//!
//! Commands go through a relay on port 0. A frozen connection stays open, and whatever is sent on it disappears.

use crate::backends::{NOW, record, sealer};
use crate::servers::RedisKeys;
use coze_auth::SystemRandom;
use cozegate_store::{Backend, HandleRegister, RedisStore};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// Well above the five seconds of one answer; below it, a failed command ended by its own limit.
const ONE_ANSWER: Duration = Duration::from_secs(8);

/// Forwards bytes to the Redis server until the test lets it drop them.
struct Relay {
    address: SocketAddr,
    /// Connections with a lower number are frozen.
    frozen_below: watch::Sender<usize>,
    accepted: watch::Receiver<usize>,
}

impl Relay {
    async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (frozen_below, frozen) = watch::channel(0);
        let (count, accepted) = watch::channel(0);
        let tasks = TaskTracker::new();
        tasks.clone().spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let number = *count.borrow();
                count.send_replace(number + 1);
                let far = TcpStream::connect(&server).await.unwrap();
                let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
                tasks.spawn(forward(near_read, far_write, frozen.clone(), number));
                tasks.spawn(forward(far_read, near_write, frozen.clone(), number));
            }
        });
        Self {
            address,
            frozen_below,
            accepted,
        }
    }

    /// Freezes the connections that there are; new ones work.
    fn freeze_established(&self) {
        self.frozen_below.send_replace(*self.accepted.borrow());
    }

    /// Freezes these and all that come.
    fn freeze_all(&self) {
        self.frozen_below.send_replace(usize::MAX);
    }

    /// Lets new connections work; what was frozen stays so, as behind a firewall that has forgotten a connection.
    fn heal(&self) {
        self.freeze_established();
    }

    fn connections(&self) -> usize {
        *self.accepted.borrow()
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, frozen_below: watch::Receiver<usize>, number: usize) {
    let mut buffer = vec![0; 16 * 1024];
    // Frozen, it goes on reading: the sender sees a peer that takes every byte.
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if number >= *frozen_below.borrow() && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Runs `test` with a store whose only way to Redis is a relay.
async fn behind_relay(test: impl AsyncFnOnce(&Relay, &Backend)) {
    RedisKeys::run(async |keys| {
        let url = keys.url.strip_prefix("redis://").unwrap();
        let (server, database) = url.split_once('/').unwrap_or((url, "0"));
        let relay = Relay::start(server.to_owned()).await;
        let through_relay = format!("redis://{}/{database}", relay.address).into();
        let random = Arc::new(SystemRandom);
        let store = RedisStore::connect(&through_relay, &keys.fresh_prefix(), sealer(1), random).await;
        test(&relay, &store.unwrap().into()).await;
    })
    .await;
}

/// Writes through `store` and reads it back in another instance.
async fn assert_works(store: &Backend) {
    let (ours, theirs) = (HandleRegister::new(store.clone()), HandleRegister::new(store.clone()));
    let handle = ours
        .issue(record("a", NOW + Duration::from_mins(1)), NOW, &SystemRandom)
        .await
        .unwrap();
    assert!(theirs.find(handle.expose(), NOW).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connection_is_replaced_after_one_unanswered_command() {
    behind_relay(async |relay, store| {
        assert_works(store).await;
        let connections = relay.connections();
        relay.freeze_established();

        let begun = Instant::now();
        store.ping().await.unwrap_err();
        assert!(begun.elapsed() < ONE_ANSWER, "{:?}", begun.elapsed());

        assert_works(store).await;
        assert_eq!(relay.connections(), connections + 1, "one connection replaces it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_unanswered_commands_replace_a_connection_once() {
    behind_relay(async |relay, store| {
        let connections = relay.connections();
        relay.freeze_established();

        let failed = futures_util::future::join_all((0..50).map(|_| store.ping())).await;
        assert!(failed.iter().all(Result::is_err));
        let answered = futures_util::future::join_all((0..50).map(|_| store.ping())).await;
        assert!(answered.iter().all(Result::is_ok));

        assert_eq!(relay.connections(), connections + 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn store_works_again_after_a_network_that_was_silent_for_new_connections_too() {
    behind_relay(async |relay, store| {
        relay.freeze_all();
        store.ping().await.unwrap_err();
        // This one tries a new connection, which is silent as well.
        store.ping().await.unwrap_err();

        relay.heal();

        let begun = Instant::now();
        while store.ping().await.is_err() {
            assert!(
                begun.elapsed() < 2 * ONE_ANSWER,
                "still away after {:?}",
                begun.elapsed()
            );
        }
        assert_works(store).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connection_is_replaced_although_every_caller_leaves_before_the_timeout() {
    behind_relay(async |relay, store| {
        relay.freeze_established();
        let leaves_early = Duration::from_secs(1);

        let begun = Instant::now();
        let mut left = 0;
        while tokio::time::timeout(leaves_early, store.ping()).await.is_err() {
            left += 1;
            assert!(begun.elapsed() < ONE_ANSWER, "still away after {:?}", begun.elapsed());
        }

        assert!(left > 1, "{left} callers left");
        assert_works(store).await;
    })
    .await;
}
