//! Generations of passes: raised for one visitor, one subject or all, and forgotten when no pass can be left.

use crate::backends::{NOW, on_every_backend, on_every_database, subject};
use cozegate_store::Backend;
use cozegate_store::generations::{EVERY_PASS, GENERATION_DAYS, key_of_subject};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn raised_generation_is_higher_than_every_one_before_and_concerns_its_key_alone() {
    on_every_backend(async |backend| {
        let a = key_of_subject("main", &subject("a"));
        let others = [
            key_of_subject("main", &subject("b")),
            key_of_subject("second", &subject("a")),
            EVERY_PASS,
        ];
        assert_eq!(backend.generation(&[a]).await.unwrap(), 0);
        let mut before = 0;
        for now in [NOW, NOW, NOW + DAY, NOW + DAY, NOW - DAY] {
            backend.raise_generation(&[a], now).await.unwrap();

            let generation = backend.generation(&[a]).await.unwrap();
            assert!(generation > before, "{generation} {before}");
            before = generation;
        }
        assert_eq!(backend.generation(&others).await.unwrap(), 0);
        assert_eq!(backend.generation(&[others[0], a]).await.unwrap(), before);
        assert_eq!(backend.generation(&[]).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn generation_that_is_raised_again_after_it_was_forgotten_is_still_higher() {
    on_every_database(async |database| {
        let backend = Backend::from(database.clone());
        for _ in 0..3 {
            backend.raise_generation(&[EVERY_PASS], NOW).await.unwrap();
        }
        let before = backend.generation(&[EVERY_PASS]).await.unwrap();
        let days = u32::try_from(GENERATION_DAYS).unwrap();

        let early = database.sweep(NOW + DAY * days).await.unwrap();
        let late = database.sweep(NOW + DAY * (days + 1)).await.unwrap();

        assert_eq!((early.generations, late.generations), (0, 1));
        assert_eq!(backend.generation(&[EVERY_PASS]).await.unwrap(), 0);
        backend.raise_generation(&[EVERY_PASS], NOW + DAY * days).await.unwrap();
        assert!(backend.generation(&[EVERY_PASS]).await.unwrap() > before);
    })
    .await;
}

#[tokio::test]
async fn first_call_decides_since_when_passes_are_dated() {
    on_every_backend(async |backend| {
        assert_eq!(backend.passes_dated_since(NOW).await.unwrap(), NOW);
        assert_eq!(backend.passes_dated_since(NOW + DAY).await.unwrap(), NOW);
    })
    .await;
}
