//! Changing a request: read, decided on, and written under the version that was read; from the start where somebody
//! else was faster. Each turn that is lost was won by another, so the turns end.

use crate::access::audit::{AuditAction, Caller};
use crate::error::Error;
use crate::recomputations::Recomputations;
use crate::recomputations::draft::Fields;
use crate::recomputations::publishing::status_changed;
use crate::recomputations::record::Recomputation;
use crate::recomputations::refusal::Refusal;
use crate::recomputations::status::Status;
use crate::recomputations::tag::Expected;
use crate::storage::table::Race;

/// Turns after which a change is given up: so many others were faster.
const TURNS: usize = 100;

impl Recomputations {
    /// Gives a request another status; the request as it is then.
    pub async fn change_status(
        &self,
        id: &str,
        to: Status,
        expected: Option<&Expected>,
        caller: &Caller,
    ) -> Result<Recomputation, Refusal> {
        let transitions = self.settings.transitions;
        let decide = |old: &Recomputation| old.with_status(to, self.now(), transitions).map(Some);
        self.change("recomputation.status", id, expected, caller, decide).await
    }

    /// Takes a request back to how it was submitted. One that is so already stays as it is.
    pub async fn reset(
        &self,
        id: &str,
        expected: Option<&Expected>,
        caller: &Caller,
    ) -> Result<Recomputation, Refusal> {
        let transitions = self.settings.transitions;
        let decide = |old: &Recomputation| old.reset(transitions);
        self.change("recomputation.reset", id, expected, caller, decide).await
    }

    /// Replaces what was asked for; the status and its history stay.
    pub async fn update(
        &self,
        id: &str,
        fields: &Fields,
        expected: Option<&Expected>,
        caller: &Caller,
    ) -> Result<Recomputation, Refusal> {
        let decide = |old: &Recomputation| Ok(Some(old.with_fields(fields.clone())));
        self.change("recomputation.update", id, expected, caller, decide).await
    }

    /// Removes a request. What the audit log says of it stays.
    pub async fn remove(
        &self,
        id: &str,
        expected: Option<&Expected>,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        for _ in 0..TURNS {
            let old = self.expected(id, expected, caller).await?;
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
        Err(busy())
    }

    async fn change(
        &self,
        action: &str,
        id: &str,
        expected: Option<&Expected>,
        caller: &Caller,
        decide: impl Fn(&Recomputation) -> Result<Option<Recomputation>, Refusal>,
    ) -> Result<Recomputation, Refusal> {
        for _ in 0..TURNS {
            let old = self.expected(id, expected, caller).await?;
            let Some(new) = decide(&old)? else { return Ok(old) };
            if self.replace(action, &old, &new, caller).await? == Race::Won {
                return Ok(new);
            }
        }
        Err(busy())
    }

    async fn expected(
        &self,
        id: &str,
        expected: Option<&Expected>,
        caller: &Caller,
    ) -> Result<Recomputation, Refusal> {
        let old = self.request_get(&caller.tenant, id).await?.ok_or(Refusal::Missing)?;
        if expected.is_some_and(|expected| !expected.is(old.version)) {
            return Err(Refusal::Changed);
        }
        Ok(old)
    }

    async fn replace(
        &self,
        action: &str,
        old: &Recomputation,
        new: &Recomputation,
        caller: &Caller,
    ) -> Result<Race, Refusal> {
        let now = self.now();
        let has_status = new.history != old.history;
        let action = AuditAction {
            action,
            target: &new.id,
            note: has_status.then(|| format!("{} -> {}", old.status, new.status)),
            before: Some(old.version),
            after: Some(new.version),
        };
        let mut writes = vec![
            Self::request_replace(&caller.tenant, new, old.version)?,
            caller.audit_entry(action, now, &self.ids.uuid())?,
        ];
        let event =
            if has_status { Some(status_changed(&caller.tenant, old.status, new, now)?) } else { None };
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

fn busy() -> Refusal {
    Error::unavailable("The request is being changed by many others; try again.").into()
}
