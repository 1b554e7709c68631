//! Changing a request with optimistic locking: a change is decided on the version that was read, and written only if
//! that version is still current. Otherwise it is retried; each lost race means that another change succeeded.

use crate::access::audit::{AuditAction, Caller};
use crate::error::Error;
use crate::recomputations::Recomputations;
use crate::recomputations::change_error::ChangeError;
use crate::recomputations::expected_version::ExpectedVersion;
use crate::recomputations::fields::Fields;
use crate::recomputations::publishing::status_changed;
use crate::recomputations::record::Recomputation;
use crate::recomputations::status::Status;
use crate::storage::table::Race;

/// Number of lost races after which a change fails.
const MAX_ATTEMPTS: usize = 100;

impl Recomputations {
    /// Changes the status of a request. Returns the changed request.
    pub async fn change_status(
        &self,
        id: &str,
        to: Status,
        expected: Option<&ExpectedVersion>,
        caller: &Caller,
    ) -> Result<Recomputation, ChangeError> {
        let transitions = self.settings.transitions;
        let decide = |old: &Recomputation| old.with_status(to, self.now(), transitions).map(Some);
        self.change("recomputation.status", id, expected, caller, decide).await
    }

    /// Resets a request to pending, clears its history, and returns it. Does nothing if it is in that state already.
    pub async fn reset(
        &self,
        id: &str,
        expected: Option<&ExpectedVersion>,
        caller: &Caller,
    ) -> Result<Recomputation, ChangeError> {
        let transitions = self.settings.transitions;
        let decide = |old: &Recomputation| old.reset(transitions);
        self.change("recomputation.reset", id, expected, caller, decide).await
    }

    /// Replaces the fields of a request, but not its status and history. Returns the changed request.
    pub async fn update(
        &self,
        id: &str,
        fields: &Fields,
        expected: Option<&ExpectedVersion>,
        caller: &Caller,
    ) -> Result<Recomputation, ChangeError> {
        let decide = |old: &Recomputation| Ok(Some(old.with_fields(fields.clone())));
        self.change("recomputation.update", id, expected, caller, decide).await
    }

    /// Removes a request. Its audit entries are kept.
    pub async fn remove(
        &self,
        id: &str,
        expected: Option<&ExpectedVersion>,
        caller: &Caller,
    ) -> Result<(), ChangeError> {
        for _ in 0..MAX_ATTEMPTS {
            let old = self.request_expected(id, expected, caller).await?;
            let action = AuditAction {
                action: "recomputation.delete",
                target: id,
                note: Some(old.status.to_string()),
                before: Some(old.version),
                after: None,
            };
            let writes = vec![
                Self::request_remove(&caller.tenant, id, old.version),
                caller.audit_entry(action, self.now(), &self.ids.uuid())?,
            ];
            if self.write_together(writes).await? == Race::Won {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// Reads a request, applies `decide`, and writes the result; retries if another change interferes. `decide` returns
    /// `None` if there is nothing to change.
    async fn change(
        &self,
        action: &str,
        id: &str,
        expected: Option<&ExpectedVersion>,
        caller: &Caller,
        decide: impl Fn(&Recomputation) -> Result<Option<Recomputation>, ChangeError>,
    ) -> Result<Recomputation, ChangeError> {
        for _ in 0..MAX_ATTEMPTS {
            let old = self.request_expected(id, expected, caller).await?;
            let Some(new) = decide(&old)? else { return Ok(old) };
            if self.replace(action, &old, &new, caller).await? == Race::Won {
                return Ok(new);
            }
        }
        Err(contended())
    }

    /// Reads a request. Fails if it does not have the expected version.
    async fn request_expected(
        &self,
        id: &str,
        expected: Option<&ExpectedVersion>,
        caller: &Caller,
    ) -> Result<Recomputation, ChangeError> {
        let old = self.request_get(&caller.tenant, id).await?.ok_or(ChangeError::NotFound)?;
        if expected.is_some_and(|expected| !expected.matches(old.version)) {
            return Err(ChangeError::VersionMismatch);
        }
        Ok(old)
    }

    /// Writes a change together with its audit entry and, if the status changed, an event, which is then published.
    async fn replace(
        &self,
        action: &str,
        old: &Recomputation,
        new: &Recomputation,
        caller: &Caller,
    ) -> Result<Race, ChangeError> {
        let now = self.now();
        let is_status_change = new.history != old.history;
        let action = AuditAction {
            action,
            target: &new.id,
            note: is_status_change.then(|| format!("{} -> {}", old.status, new.status)),
            before: Some(old.version),
            after: Some(new.version),
        };
        let mut writes = vec![
            Self::request_replace(&caller.tenant, new, old.version)?,
            caller.audit_entry(action, now, &self.ids.uuid())?,
        ];
        let event =
            if is_status_change { Some(status_changed(&caller.tenant, old.status, new, now)?) } else { None };
        if let Some(event) = &event {
            writes.push(event.write()?);
        }
        let race = self.write_together(writes).await?;
        if let Some(event) = event.filter(|_| race == Race::Won) {
            self.outbox.publish(&event).await;
        }
        Ok(race)
    }
}

fn contended() -> ChangeError {
    Error::unavailable("The request is being changed by too many other requests; try again.").into()
}
