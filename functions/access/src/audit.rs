//! `/access/audit`: who changed what, newest first.

use axum::Json;
use axum::extract::State;
use domain::access::Access;
use domain::access::audit::AuditEntry;
use domain::error::Error;
use edge::query::first;
use http::Uri;
use serde::Serialize;

use crate::administrator::{Administrator, time};
use crate::error::ApiError;

/// Entries of a page that did not ask for a number of them.
const DEFAULT_LIMIT: usize = 50;
/// Entries of the longest page.
const HIGHEST_LIMIT: usize = 1_000;

/// A page of the log.
#[derive(Serialize)]
pub struct Page {
    audit: Vec<Entry>,
    /// `mark` of the next page; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<String>,
}

#[derive(Serialize)]
struct Entry {
    at: String,
    actor: String,
    tenant: String,
    action: String,
    target: String,
    note: Option<String>,
    address: String,
    request_id: String,
    before: Option<u64>,
    after: Option<u64>,
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { actor, tenant, action, target, note, address, request, before, after, .. } = entry;
        Self {
            at: time(entry.at),
            actor,
            tenant,
            action,
            target,
            note,
            address,
            request_id: request,
            before,
            after,
        }
    }
}

/// Lists changes: at most `limit`, older than the one at `mark`.
pub async fn list(_: Administrator, State(access): State<Access>, uri: Uri) -> Result<Json<Page>, ApiError> {
    let limit = first(&uri, "limit").map_or(Ok(DEFAULT_LIMIT), |text| text.parse());
    let limit = limit.ok().filter(|limit| (1..=HIGHEST_LIMIT).contains(limit));
    let limit = limit.ok_or_else(|| Error::invalid(format!("'limit': from 1 to {HIGHEST_LIMIT}.")))?;
    let page = access.audit_list(limit, first(&uri, "mark").as_deref()).await?;
    Ok(Json(Page { audit: page.entries.into_iter().map(Entry::from).collect(), mark: page.next }))
}
