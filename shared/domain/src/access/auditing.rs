//! Reading the audit log, newest first.

use crate::access::Access;
use crate::access::audit::{self, AuditEntry, AuditPosition};
use crate::error::Error;

/// A page of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page. `None` on the last page.
    pub next: Option<String>,
}

impl Access {
    /// Returns at most `limit` entries, starting after `cursor` if there is one.
    pub async fn audit_list(&self, limit: usize, cursor: Option<&str>) -> Result<AuditPage, Error> {
        let mut after = cursor.map(position).transpose()?;
        let newest = after.as_ref().map_or_else(|| self.now(), |position| position.at).months();
        let oldest = self.now().plus_seconds(-audit::RETENTION_SECONDS).months();
        let mut entries = Vec::new();
        // Each month is a partition; querying an empty one costs half a read unit.
        for month in (oldest..=newest).rev() {
            entries.extend(self.audit_month(month, after.take(), limit - entries.len()).await?);
            if entries.len() == limit {
                break;
            }
        }
        let last = entries.last().filter(|_| entries.len() == limit);
        let next = last.map(AuditEntry::cursor);
        Ok(AuditPage { entries, next })
    }
}

fn position(cursor: &str) -> Result<AuditPosition, Error> {
    AuditPosition::from_cursor(cursor)
        .ok_or_else(|| Error::invalid(format!("'mark': '{cursor}' is not the mark of a previous page.")))
}
