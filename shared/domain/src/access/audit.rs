//! The audit log: who changed what, when and from where. Entries are append-only, written in one transaction with their
//! change, and kept for 400 days.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::Key;
use crate::storage::table::Write;
use crate::time::Micros;

/// Seconds that an entry is kept.
pub const RETENTION_SECONDS: i64 = 400 * 86_400;

/// The principal that makes a change, and the request that it makes it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The principal's name.
    pub name: String,
    /// The principal's tenant.
    pub tenant: String,
    /// The client's address; empty if unknown.
    pub address: String,
    /// The request's id; empty if it has none.
    pub request_id: String,
}

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Distinguishes entries with the same time.
    pub id: String,
    /// When the change was made.
    pub at: Micros,
    /// The name of the principal that made the change.
    #[serde(rename = "ac")]
    pub actor: String,
    /// The principal's tenant.
    #[serde(rename = "tn")]
    pub tenant: String,
    /// The kind of change, such as `recomputation.status`.
    #[serde(rename = "do")]
    pub action: String,
    /// The id or name of the changed record.
    #[serde(rename = "tg")]
    pub target: String,
    /// Details that the action does not tell, such as the old and the new status.
    #[serde(rename = "nt", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The client's address.
    #[serde(rename = "ip")]
    pub address: String,
    /// The request's id.
    #[serde(rename = "rq")]
    pub request: String,
    /// The target's version before the change. `None` if the change created it.
    #[serde(rename = "b")]
    pub before: Option<u64>,
    /// The target's version after the change. `None` if the change removed it.
    #[serde(rename = "a")]
    pub after: Option<u64>,
    /// When the entry expires, in seconds since the epoch.
    pub ttl: i64,
}

/// A change to be recorded in the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditAction<'a> {
    /// The kind of change, such as `recomputation.status`.
    pub action: &'a str,
    /// The id or name of the changed record.
    pub target: &'a str,
    /// Details that the action does not tell, such as the old and the new status.
    pub note: Option<String>,
    /// The target's version before the change. `None` if the change creates it.
    pub before: Option<u64>,
    /// The target's version after the change. `None` if the change removes it.
    pub after: Option<u64>,
}

/// The position of an entry in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditPosition {
    /// When the change was made.
    pub(crate) at: Micros,
    /// The entry's id.
    pub(crate) id: String,
}

impl Caller {
    /// Returns the write that records an action of this caller, to be made in one transaction with the change.
    /// `id` distinguishes entries with the same time.
    pub fn audit_entry(&self, action: AuditAction<'_>, at: Micros, id: &str) -> Result<Write, Error> {
        let entry = AuditEntry {
            id: id.to_owned(),
            at,
            actor: self.name.clone(),
            tenant: self.tenant.clone(),
            action: action.action.to_owned(),
            target: action.target.to_owned(),
            note: action.note,
            address: self.address.clone(),
            request: self.request_id.clone(),
            before: action.before,
            after: action.after,
            ttl: at.plus_seconds(RETENTION_SECONDS).epoch_seconds(),
        };
        Ok(Write::PutNew(item(&Key::audit(at, id), &entry)?))
    }
}

impl AuditEntry {
    /// Returns the cursor of the entries that are older than this one.
    pub(crate) fn cursor(&self) -> String {
        format!("{}-{}", self.at.0, self.id)
    }
}

impl AuditPosition {
    /// Parses a cursor. Returns `None` if [`AuditEntry::cursor`] cannot have written it.
    pub(crate) fn from_cursor(cursor: &str) -> Option<Self> {
        let (at, id) = cursor.split_once('-')?;
        Some(Self { at: Micros(at.parse().ok()?), id: id.to_owned() })
    }
}
