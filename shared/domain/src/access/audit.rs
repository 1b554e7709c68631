//! The audit log: who changed what, when, from where. Entries are only ever added, each in one transaction with its
//! change, and kept 400 days.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::Key;
use crate::storage::table::Write;
use crate::time::Micros;

/// Seconds that an entry is kept.
pub const SECONDS: i64 = 400 * 86_400;

/// Where a change came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The principal's name.
    pub actor: String,
    /// The principal's tenant.
    pub tenant: String,
    /// The client's address, where it is known.
    pub address: String,
    /// The request's id.
    pub request: String,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Tells entries of one moment apart.
    pub id: String,
    /// When it was made.
    pub at: Micros,
    /// Who made it.
    #[serde(rename = "ac")]
    pub actor: String,
    /// For which tenant.
    #[serde(rename = "tn")]
    pub tenant: String,
    /// What was done, such as `recomputation.status`.
    #[serde(rename = "do")]
    pub action: String,
    /// To what.
    #[serde(rename = "tg")]
    pub target: String,
    /// What it was before and is now, where that says more than the action.
    #[serde(rename = "nt", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The client's address.
    #[serde(rename = "ip")]
    pub address: String,
    /// The request's id.
    #[serde(rename = "rq")]
    pub request: String,
    /// The target's version before; none where it was made.
    #[serde(rename = "b")]
    pub before: Option<u64>,
    /// The target's version after; none where it was removed.
    #[serde(rename = "a")]
    pub after: Option<u64>,
    /// When the record may go, in seconds since the epoch.
    pub ttl: i64,
}

/// What was done to what, and its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditAction<'a> {
    /// Such as `recomputation.status`.
    pub action: &'a str,
    /// What it was done to.
    pub target: &'a str,
    /// What it was before and is now, where that says more than the action.
    pub note: Option<String>,
    /// The version before.
    pub before: Option<u64>,
    /// The version after.
    pub after: Option<u64>,
}

impl Origin {
    /// The entry of a deed, to be written in one transaction with it. `id` tells entries of one moment apart.
    pub fn entry(&self, deed: AuditAction<'_>, at: Micros, id: &str) -> Result<Write, Error> {
        let entry = Entry {
            id: id.to_owned(),
            at,
            actor: self.actor.clone(),
            tenant: self.tenant.clone(),
            action: deed.action.to_owned(),
            target: deed.target.to_owned(),
            note: deed.note,
            address: self.address.clone(),
            request: self.request.clone(),
            before: deed.before,
            after: deed.after,
            ttl: at.plus_seconds(SECONDS).epoch_seconds(),
        };
        Ok(Write::PutNew(item(&Key::audit(at, id), &entry)?))
    }
}
