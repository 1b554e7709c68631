//! `GET /recomputations`: lists of requests.

use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::recomputations::calendar_date;
use domain::recomputations::listing::Filter;
use domain::recomputations::record::Recomputation;
use domain::recomputations::status::Status;
use domain::time::Micros;
use edge::query;
use http::{StatusCode, Uri};

use crate::authorized::{Authorized, Viewer};
use crate::error::ApiError;
use crate::{Api, response};

/// Requests of the largest page.
const HIGHEST_LIMIT: usize = 1_000;
/// Bytes of the largest response: a function's may have 6 MB.
const LARGEST: usize = 5 * 1_024 * 1_024;

/// Lists requests. `report`, `date` and `status` filter; `limit` and `cursor` select a page.
pub async fn list(
    caller: Authorized<Viewer>,
    State(api): State<Api>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let query = ListQuery::parse(&uri)?;
    let mut found = api.recomputations.list(&caller.origin.tenant, &query.filter).await?;
    if let Some(after) = &query.after {
        found.retain(|request| Cursor::new(request) > *after);
    }
    let is_more = query.limit.is_some_and(|limit| found.len() > limit);
    found.truncate(query.limit.unwrap_or(usize::MAX));
    let next = found.last().filter(|_| is_more).map(|last| Cursor::new(last).encode());
    let page = response::page(&found, next, caller.dialect);
    if page.len() > LARGEST {
        return Err(ApiError::TooLarge);
    }
    Ok(response::serialized(StatusCode::OK, page))
}

/// The query of a list.
struct ListQuery {
    filter: Filter,
    limit: Option<usize>,
    after: Option<Cursor>,
}

impl ListQuery {
    fn parse(uri: &Uri) -> Result<Self, ApiError> {
        let problem = |text: &str| ApiError::Problems(vec![text.to_owned()]);
        let date = parameter(uri, "date");
        if date.as_deref().is_some_and(|date| !calendar_date::is_valid(date)) {
            return Err(ApiError::Date);
        }
        let status = parameter(uri, "status").map(|text| text.parse::<Status>()).transpose();
        let status = status
            .map_err(|_| problem("status argument should be pending, approved, rejected, running or done"))?;
        let limit = parameter(uri, "limit").map(|text| text.parse::<usize>()).transpose();
        let limit = limit.ok().filter(|limit| limit.is_none_or(|limit| (1..=HIGHEST_LIMIT).contains(&limit)));
        let limit = limit.ok_or_else(|| problem("limit argument should be from 1 to 1000"))?;
        let invalid = || problem("cursor argument should be the next_cursor of the previous page");
        let after = parameter(uri, "cursor").map(|text| Cursor::decode(&text).ok_or_else(invalid));
        let filter = Filter { report: parameter(uri, "report"), date, status };
        Ok(Self { filter, limit, after: after.transpose()? })
    }
}

/// Returns the first value of a parameter. `None` if it is missing or empty.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    query::first(uri, name).filter(|value| !value.is_empty())
}

/// The position of a request in a list, in the order of submission.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Cursor {
    created: Micros,
    id: String,
}

impl Cursor {
    fn new(request: &Recomputation) -> Self {
        Self { created: request.created, id: request.id.clone() }
    }

    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", self.created.0, self.id))
    }

    fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (created, id) = text.split_once(':')?;
        Some(Self { created: Micros(created.parse().ok()?), id: id.to_owned() })
    }
}
