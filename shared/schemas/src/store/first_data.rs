//! The first data: the environments that every registry begins with, made once.

use domain::error::Error;
use domain::storage::change::Change;
use domain::storage::item::item;
use domain::storage::key::Key;
use domain::storage::table::{Race, Write};
use domain::time::Micros;
use serde::{Deserialize, Serialize};

use super::{Commit, MOST_RACES, too_many_races};
use crate::record::{Environment, Name, Policy};
use crate::registry::Registry;

/// The documented environments, whose ids begin at 1.
const ENVIRONMENTS: [&str; 3] = ["dev", "test", "prod"];

/// The marker of the first data.
#[derive(Serialize, Deserialize)]
struct FirstData {
    created_at: Micros,
}

impl Registry {
    /// Returns when the first data was made, and makes it if there is none. Reads the table once per process.
    pub async fn first_data(&self) -> Result<Micros, Error> {
        self.first.get_or_try_init(|| self.make_first_data()).await.copied()
    }

    async fn make_first_data(&self) -> Result<Micros, Error> {
        let key = Key::resource("first_data", 1);
        for _ in 0..MOST_RACES {
            if let Some(FirstData { created_at }) = self.table.get(&key).await? {
                return Ok(created_at);
            }
            let now = self.now();
            let mut commit = Commit::default();
            commit.write(Write::PutNew(item(&key, &FirstData { created_at: now })?));
            for (id, name) in (1..).zip(ENVIRONMENTS) {
                commit.create(&Environment::new(id, name.to_owned(), Policy::default(), now))?;
            }
            let count = ENVIRONMENTS.len() as u64;
            let ids = Change::of(Key::resource_ids()).increase(Name::Environment.as_str(), count, 1);
            commit.write(Write::Change(ids));
            if self.commit(commit).await? == Race::Won {
                return Ok(now);
            }
        }
        Err(too_many_races())
    }
}
