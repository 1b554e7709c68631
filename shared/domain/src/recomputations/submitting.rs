//! Submitting a request, deduplicated by idempotency key.

use crate::access::audit::{AuditAction, Caller};
use crate::digest;
use crate::error::Error;
use crate::recomputations::Recomputations;
use crate::recomputations::change_error::ChangeError;
use crate::recomputations::fields::Fields;
use crate::recomputations::record::Recomputation;
use crate::recomputations::store::IdempotencyRecord;
use crate::storage::table::Race;

/// Seconds that an idempotency key is kept.
const KEY_SECONDS: i64 = 86_400;

impl Recomputations {
    /// Submits a request and returns its id. If `key` was used for the same fields in the last day, returns the id of
    /// that earlier request instead; if it was used for other fields, fails with [`ChangeError::KeyReused`].
    pub async fn submit(
        &self,
        fields: Fields,
        key: Option<&str>,
        caller: &Caller,
    ) -> Result<String, ChangeError> {
        let now = self.now();
        let text = serde_json::to_string(&fields)
            .map_err(|cause| Error::bug("a request could not be serialized").because(cause))?;
        let hash = digest::whole(&text);
        let request = Recomputation::new(self.ids.uuid(), fields, now);
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
            let ttl = now.plus_seconds(KEY_SECONDS).epoch_seconds();
            let record = IdempotencyRecord { hash: hash.clone(), id: request.id.clone(), ttl };
            writes.push(Self::idempotency_put(&caller.tenant, key, &record, now));
        }
        if self.write_together(writes).await? == Race::Won {
            return Ok(request.id);
        }
        let record = match key {
            Some(key) => self.idempotency_get(&caller.tenant, key).await?,
            None => None,
        };
        match record {
            Some(record) if record.hash == hash => Ok(record.id),
            Some(_) => Err(ChangeError::KeyReused),
            None => Err(Error::unavailable("The store is busy; try again.").into()),
        }
    }
}
