//! Listing and reading requests.

use crate::error::Error;
use crate::recomputations::Recomputations;
use crate::recomputations::record::Recomputation;
use crate::recomputations::status::Status;

/// Selects the requests that match all given criteria; `None` matches any request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The exact name of the report.
    pub report: Option<String>,
    /// A date (`yyyy-mm-dd`) in the request's period.
    pub date: Option<String>,
    /// The current status.
    pub status: Option<Status>,
}

impl Filter {
    fn matches(&self, request: &Recomputation) -> bool {
        self.report.as_ref().is_none_or(|report| *report == request.fields.report)
            && self.date.as_ref().is_none_or(|date| request.covers(date))
            && self.status.is_none_or(|status| status == request.status)
    }
}

impl Recomputations {
    /// Returns the tenant's requests that match the filter, in the order of their submission.
    pub async fn list(&self, tenant: &str, filter: &Filter) -> Result<Vec<Recomputation>, Error> {
        let mut found = self.request_list(tenant).await?;
        found.retain(|request| filter.matches(request));
        found.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        Ok(found)
    }

    /// Returns the tenant's request with this id.
    pub async fn get(&self, tenant: &str, id: &str) -> Result<Option<Recomputation>, Error> {
        self.request_get(tenant, id).await
    }
}
