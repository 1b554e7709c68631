//! Submitting a request, once per idempotency key.

use crate::access::audit::{AuditAction, Caller};
use crate::digest;
use crate::error::Error;
use crate::recomputations::Recomputations;
use crate::recomputations::draft::Fields;
use crate::recomputations::record::Recomputation;
use crate::recomputations::refusal::Refusal;
use crate::recomputations::store::Remembered;
use crate::storage::table::Race;

/// Seconds that an idempotency key is remembered.
const REMEMBERED_SECONDS: i64 = 86_400;

impl Recomputations {
    /// Submits a request: its id, which is always new unless `key` was used for the same fields in the last day.
    pub async fn submit(
        &self,
        fields: Fields,
        key: Option<&str>,
        caller: &Caller,
    ) -> Result<String, Refusal> {
        let now = self.now();
        let text = serde_json::to_string(&fields)
            .map_err(|cause| Error::bug("a request could not be written").because(cause))?;
        let hash = digest::whole(&text);
        let request = Recomputation::submitted(self.ids.uuid(), fields, now);
        let action = AuditAction {
            action: "recomputation.submit",
            target: &request.id,
            note: None,
            before: None,
            after: Some(request.version),
        };
        let mut writes = vec![
            Self::request_new(&caller.tenant, &request)?,
            caller.audit_entry(action, now, &self.ids.uuid())?,
        ];
        if let Some(key) = key {
            let ttl = now.plus_seconds(REMEMBERED_SECONDS).epoch_seconds();
            let remembered = Remembered { hash: hash.clone(), id: request.id.clone(), ttl };
            writes.push(Self::remember(&caller.tenant, key, &remembered, now));
        }
        if self.write_together(writes).await? == Race::Won {
            return Ok(request.id);
        }
        let remembered = match key {
            Some(key) => self.remembered_get(&caller.tenant, key).await?,
            None => None,
        };
        match remembered {
            Some(remembered) if remembered.hash == hash => Ok(remembered.id),
            Some(_) => Err(Refusal::KeyTaken),
            None => Err(Error::unavailable("The store is busy; try again.").into()),
        }
    }
}
