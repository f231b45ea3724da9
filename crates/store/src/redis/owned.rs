//! The ownership register on Redis: a key per id, which expires by itself. Only [`Backend`](crate::Backend) uses it.

use super::{RedisError, RedisStore, hexadecimal};
use crate::owned_row::{FoundOwner, OWNED_DAYS, OwnedDigest, OwnedId};

const SECONDS_OF_A_DAY: i64 = 86_400;

impl RedisStore {
    pub(crate) async fn find_owned(&self, ids: &[OwnedId]) -> Result<Vec<Option<FoundOwner>>, RedisError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut script = self.scripts.find_owned.prepare_invoke();
        for id in ids {
            script.key(self.owned_key(id));
        }
        let owners: Vec<Option<Vec<u8>>> = self.run("look up owners", &script).await?;
        let found = owners.into_iter().map(|owner| {
            let owner = OwnedDigest::try_from(owner?).ok()?;
            Some(FoundOwner { owner, seen_day: None })
        });
        Ok(found.collect())
    }

    pub(crate) async fn write_owned(&self, ids: &[OwnedId], owner: &OwnedDigest) -> Result<(), RedisError> {
        let mut script = self.scripts.write_owned.prepare_invoke();
        for id in ids {
            script.key(self.owned_key(id));
        }
        script
            .arg(owner.as_slice())
            .arg(OWNED_DAYS * SECONDS_OF_A_DAY)
            .arg((OWNED_DAYS - 1) * SECONDS_OF_A_DAY);
        self.run("save owners", &script).await
    }

    fn owned_key(&self, (kind, id): &OwnedId) -> String {
        format!("{}owned:{}:{}", self.prefix, kind.name(), hexadecimal(id))
    }
}
