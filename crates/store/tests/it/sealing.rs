//! What was altered or moved does not open: not as a sealed text, not as a row, not as a file.

use crate::backends::{SqliteFile, key, over, sealer, token_set};
use coze_auth::{Random as _, SeededRandom, StoreError, SystemRandom, TokenStore as _};
use cozegate_store::seal::Place;
use cozegate_store::{Database, SealError, SealKeys, Sealer};
use std::sync::Arc;

/// Numbers below a bound, the same in every run.
struct Dice(SeededRandom);

impl Dice {
    fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % bound as u64).unwrap()
    }

    fn flip_a_bit(&self, bytes: &mut [u8]) {
        let place = self.below(bytes.len());
        bytes[place] ^= 1 << self.below(8);
    }
}

fn place(row: &[u8], version: i64) -> Place<'_> {
    Place {
        column: "tokens.sealed_token",
        row,
        version,
    }
}

#[test]
fn of_ten_thousand_flipped_bits_and_swapped_rows_none_is_accepted() {
    let dice = Dice(SeededRandom::new(20));
    let sealer = sealer(1);
    let rows: Vec<([u8; 32], i64, Vec<u8>)> = (0..50)
        .map(|number| {
            let mut row = [0; 32];
            dice.0.fill(&mut row);
            let sealed = sealer.seal(place(&row, number), format!("token {number}").as_bytes());
            (row, number, sealed.unwrap())
        })
        .collect();
    let mut accepted = 0;

    for round in 0..10_000 {
        let (row, version, sealed) = &rows[dice.below(rows.len())];
        let mut sealed = sealed.clone();
        let outcome = match round % 5 {
            0 | 1 => {
                dice.flip_a_bit(&mut sealed);
                sealer.open(place(row, *version), &sealed)
            }
            2 => {
                let (other, ..) = rows.iter().find(|(other, ..)| other != row).unwrap();
                sealer.open(place(other, *version), &sealed)
            }
            3 => sealer.open(place(row, version + 1), &sealed),
            _ => {
                sealed.truncate(dice.below(sealed.len()));
                sealer.open(place(row, *version), &sealed)
            }
        };
        accepted += usize::from(outcome.is_ok());
    }

    let refused = rows
        .iter()
        .filter(|(row, version, sealed)| sealer.open(place(row, *version), sealed).is_err())
        .count();
    println!(
        "flipped bits and swapped rows: bad tried 10000 / let through {accepted}; good tried {} / refused {refused}",
        rows.len()
    );
    assert_eq!((accepted, refused), (0, 0));
}

#[test]
fn seal_of_one_column_does_not_open_in_another() {
    let sealer = sealer(1);
    let sealed = sealer.seal(place(b"row", 1), b"token").unwrap();
    let elsewhere = Place {
        column: "handles.sealed_subject",
        ..place(b"row", 1)
    };

    assert_eq!(sealer.open(elsewhere, &sealed).unwrap_err(), SealError::Altered);
}

#[test]
fn every_kind_of_foreign_bytes_has_its_own_answer() {
    let sealed = sealer(1).seal(place(b"row", 1), b"token").unwrap();
    let mut newer = sealed.clone();
    newer[0] = 2;

    let open = |bytes: &[u8]| sealer(1).open(place(b"row", 1), bytes).unwrap_err();

    assert_eq!(open(b""), SealError::TooShort);
    assert_eq!(open(&sealed[..20]), SealError::TooShort);
    assert_eq!(open(&newer), SealError::UnknownFormat { format: 2 });
    assert_eq!(
        sealer(2).open(place(b"row", 1), &sealed).unwrap_err(),
        SealError::UnknownKey
    );
}

#[test]
fn same_content_is_sealed_differently_every_time() {
    let sealer = sealer(1);

    let one = sealer.seal(place(b"row", 1), b"token").unwrap();
    let two = sealer.seal(place(b"row", 1), b"token").unwrap();

    assert_ne!(one, two);
}

#[tokio::test]
async fn rotated_key_seals_and_the_one_before_still_opens() {
    let file = SqliteFile::new();
    let keys = file.folder.path().join("store.key");
    let open = async |keys: &SealKeys| {
        let sealer = Sealer::new(keys, Arc::new(SystemRandom)).unwrap();
        Database::open_sqlite(&file.path, sealer, Arc::new(SystemRandom))
            .await
            .unwrap()
    };
    let old = SealKeys::load_or_create(&keys, &SystemRandom).unwrap();
    let before = open(&old).await;
    let version = before
        .save(&key("a"), over(&token_set("czu_1", "r1"), None))
        .await
        .unwrap();

    let after = open(&SealKeys::add_to_file(&keys, &SystemRandom).unwrap()).await;
    let read = after.load(&key("a")).await.unwrap().unwrap();
    after
        .save(&key("a"), over(&token_set("czu_2", "r2"), Some(version)))
        .await
        .unwrap();

    assert!(read.token_set.is_same_as(&token_set("czu_1", "r1")));
    let with_old_key_only = before.load(&key("a")).await;
    assert!(
        matches!(with_old_key_only, Err(StoreError::Unreadable { .. })),
        "{with_old_key_only:?}"
    );
}

#[tokio::test]
async fn rows_that_were_swapped_or_set_back_are_unreadable_and_due_leaves_them_out() {
    let file = SqliteFile::new();
    let database = file.open().await;
    let save = async |name: &str, token: &str, expected| {
        let token_set = token_set(token, "r");
        let save = coze_auth::Save {
            renew_at: Some(crate::backends::NOW),
            ..over(&token_set, expected)
        };
        database.save(&key(name), save).await.unwrap()
    };
    save("a", "czu_a", None).await;
    let first = save("b", "czu_b1", None).await;
    let raw = file.raw().await;
    let sealed_first: Vec<u8> = sqlx::query_scalar("SELECT sealed_token FROM tokens WHERE version = $1")
        .bind(first.0.cast_signed())
        .fetch_one(&raw)
        .await
        .unwrap();
    save("b", "czu_b2", Some(first)).await;

    // The content of an earlier version of the same row.
    sqlx::query("UPDATE tokens SET sealed_token = $1 WHERE key_digest = $2")
        .bind(sealed_first)
        .bind(key("b").digest().as_slice())
        .execute(&raw)
        .await
        .unwrap();
    // The key of another row.
    sqlx::query(
        "UPDATE tokens SET sealed_key = (SELECT sealed_key FROM tokens WHERE key_digest = $1) WHERE key_digest = $2",
    )
    .bind(key("b").digest().as_slice())
    .bind(key("a").digest().as_slice())
    .execute(&raw)
    .await
    .unwrap();

    let loaded = database.load(&key("b")).await;
    assert!(matches!(loaded, Err(StoreError::Unreadable { .. })), "{loaded:?}");
    let query = coze_auth::DueQuery {
        audience: "api.coze.example",
        client_id: "1100000000001",
        tenant: None,
        now: crate::backends::NOW,
        limit: 10,
    };
    assert_eq!(database.due(query).await.unwrap(), [key("b")]);
}

#[tokio::test]
async fn token_that_does_not_open_is_replaced_over_the_version_that_the_error_names() {
    let file = SqliteFile::new();
    let database = file.open().await;
    database
        .save(&key("a"), over(&token_set("czu_1", "r1"), None))
        .await
        .unwrap();
    let spoil = "UPDATE tokens SET sealed_token = zeroblob(length(sealed_token))";
    sqlx::query(spoil).execute(&file.raw().await).await.unwrap();
    let Err(StoreError::Unreadable { version, .. }) = database.load(&key("a")).await else {
        panic!("it opened");
    };

    let next = token_set("czu_2", "r2");
    let saved = database.save(&key("a"), over(&next, Some(version))).await.unwrap();

    let stored = database.load(&key("a")).await.unwrap().unwrap();
    assert!(stored.version == saved && stored.token_set.is_same_as(&next));
}

#[tokio::test]
async fn store_file_with_a_flipped_bit_never_gives_a_wrong_token() {
    let dice = Dice(SeededRandom::new(21));
    let file = SqliteFile::new();
    let names: Vec<String> = (0..40).map(|number| format!("user-{number}")).collect();
    let database = file.open().await;
    for name in &names {
        let token_set = token_set(&format!("czu_{name}"), &format!("refresh_{name}"));
        database.save(&key(name), over(&token_set, None)).await.unwrap();
    }
    database.close().await;
    let whole = std::fs::read(&file.path).unwrap();
    let good = Readings::of(&whole, &names).await;
    let mut bad = Readings::default();

    for _ in 0..250 {
        let mut altered = whole.clone();
        dice.flip_a_bit(&mut altered);
        bad.add(&Readings::of(&altered, &names).await);
    }

    println!(
        "store files with a flipped bit: bad tried {} / let through {}; good tried {} / refused {}",
        250 * names.len(),
        bad.wrong,
        names.len(),
        names.len() - good.right
    );
    println!("of 250 store files with a flipped bit, 40 tokens each: {bad:?}");
    assert_eq!((bad.wrong, good.right), (0, names.len()));
}

/// What came of reading every token of a store file.
#[derive(Debug, Default)]
struct Readings {
    right: usize,
    wrong: usize,
    refused: usize,
    absent: usize,
    files_refused: usize,
}

impl Readings {
    async fn of(content: &[u8], names: &[String]) -> Self {
        let mut readings = Self::default();
        let copy = SqliteFile::new();
        copy.write(content);
        let opened = Database::open_sqlite(&copy.path, sealer(1), Arc::new(SystemRandom)).await;
        let Ok(database) = opened else {
            readings.files_refused += 1;
            return readings;
        };
        for name in names {
            match database.load(&key(name)).await {
                Ok(Some(stored)) => {
                    let token_set = token_set(&format!("czu_{name}"), &format!("refresh_{name}"));
                    let is_right = stored.token_set.is_same_as(&token_set);
                    *(if is_right {
                        &mut readings.right
                    } else {
                        &mut readings.wrong
                    }) += 1;
                }
                Ok(None) => readings.absent += 1,
                Err(_) => readings.refused += 1,
            }
        }
        database.close().await;
        readings
    }

    fn add(&mut self, other: &Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.refused += other.refused;
        self.absent += other.absent;
        self.files_refused += other.files_refused;
    }
}
