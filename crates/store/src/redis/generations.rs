//! Generations and single numbers on Redis. Only [`Backend`](crate::Backend) uses them.

use super::{RedisError, RedisStore, hexadecimal};
use crate::generation_row::{GENERATION_DAYS, GenerationKey};

const SECONDS_OF_A_DAY: i64 = 86_400;

impl RedisStore {
    pub(crate) async fn find_generation(&self, key: &GenerationKey) -> Result<i64, RedisError> {
        let mut script = self.scripts.get.prepare_invoke();
        script.key(self.generation_key(key));
        let found: Option<i64> = self.run("look up a generation", &script).await?;
        Ok(found.unwrap_or_default())
    }

    pub(crate) async fn write_generation(&self, key: &GenerationKey, day: i64) -> Result<(), RedisError> {
        let mut script = self.scripts.raise_generation.prepare_invoke();
        script
            .key(self.generation_key(key))
            .arg(day)
            .arg(GENERATION_DAYS * SECONDS_OF_A_DAY);
        self.run("raise a generation", &script).await
    }

    /// Returns the number of this name; `value` becomes it if there is none.
    pub(crate) async fn number_or_insert(&self, name: &'static str, value: i64) -> Result<i64, RedisError> {
        let mut script = self.scripts.get_or_insert.prepare_invoke();
        script.key(format!("{}{name}", self.prefix)).arg(value);
        self.run("look up a number", &script).await
    }

    fn generation_key(&self, key: &GenerationKey) -> String {
        format!("{}generation:{}", self.prefix, hexadecimal(key))
    }
}
