//! `/access/audit`: the audit log, newest first.

use axum::Json;
use axum::extract::State;
use domain::access::Access;
use domain::access::audit::AuditEntry;
use domain::error::Error;
use edge::query::first;
use http::Uri;
use serde::Serialize;

use crate::administrator::Administrator;
use crate::error::ApiError;
use crate::rfc3339;

/// Entries of a page by default.
const DEFAULT_LIMIT: usize = 50;
/// Entries of the largest page.
const HIGHEST_LIMIT: usize = 1_000;

/// A page of the audit log.
#[derive(Serialize)]
pub struct AuditPage {
    audit: Vec<Entry>,
    /// The `mark` of the next page; `None` on the last page.
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
            at: rfc3339::format(entry.at),
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

/// Lists at most `limit` entries that are older than `mark`.
pub async fn list(
    _: Administrator,
    State(access): State<Access>,
    uri: Uri,
) -> Result<Json<AuditPage>, ApiError> {
    let limit = first(&uri, "limit").map_or(Ok(DEFAULT_LIMIT), |text| text.parse());
    let limit = limit.ok().filter(|limit| (1..=HIGHEST_LIMIT).contains(limit));
    let limit = limit.ok_or_else(|| Error::invalid(format!("'limit': expected 1 to {HIGHEST_LIMIT}.")))?;
    let page = access.audit_list(limit, first(&uri, "mark").as_deref()).await?;
    Ok(Json(AuditPage { audit: page.entries.into_iter().map(Entry::from).collect(), mark: page.next }))
}
