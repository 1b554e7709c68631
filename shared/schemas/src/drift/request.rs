//! Requests of checks.

use domain::error::Error;

use crate::people::Person;
use crate::record::Task;
use crate::refusal::Refusal;
use crate::registry::Registry;

impl Registry {
    /// Requests a check of a schema on these servers; on all servers if there are none. Returns a task per server.
    pub async fn request_check(
        &self,
        database_schema: u64,
        servers: &[u64],
        person: &Person,
    ) -> Result<Vec<Task>, Refusal> {
        let _ = (database_schema, servers, person);
        Err(Refusal::Failed(Error::unavailable("Checks are not available.")))
    }
}
