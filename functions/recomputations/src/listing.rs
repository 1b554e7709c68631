//! Lists of requests.

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
use crate::{Api, answer};

/// Requests of the longest page.
const HIGHEST_LIMIT: usize = 1_000;
/// Bytes of the longest answer: a function's may have 6 MB.
const LONGEST: usize = 5 * 1_024 * 1_024;

/// `?report=`, `?date=` and `?status=` choose, `?limit=` and `?cursor=` turn pages.
pub async fn list(asked: Authorized<Viewer>, State(api): State<Api>, uri: Uri) -> Result<Response, ApiError> {
    let wanted = Wanted::of(&uri)?;
    let mut found = api.recomputations.list(&asked.origin.tenant, &wanted.filter).await?;
    if let Some(after) = &wanted.after {
        found.retain(|request| place(request) > *after);
    }
    let is_more = wanted.limit.is_some_and(|limit| found.len() > limit);
    found.truncate(wanted.limit.unwrap_or(usize::MAX));
    let next = found.last().filter(|_| is_more).map(cursor);
    let answer = answer::many(&found, next, asked.dialect);
    if answer.len() > LONGEST {
        return Err(ApiError::TooMuch);
    }
    Ok(answer::text(StatusCode::OK, answer))
}

/// What the query asks for.
struct Wanted {
    filter: Filter,
    limit: Option<usize>,
    after: Option<(Micros, String)>,
}

impl Wanted {
    fn of(uri: &Uri) -> Result<Self, ApiError> {
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
        let after = parameter(uri, "cursor").map(|text| read(&text));
        if after.as_ref().is_some_and(Option::is_none) {
            return Err(problem("cursor argument should be the next_cursor of the page before"));
        }
        let filter = Filter { report: parameter(uri, "report"), date, status };
        Ok(Self { filter, limit, after: after.flatten() })
    }
}

/// A parameter that is not empty; the first one where it is repeated.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    query::first(uri, name).filter(|value| !value.is_empty())
}

fn place(request: &Recomputation) -> (Micros, String) {
    (request.created, request.id.clone())
}

fn cursor(request: &Recomputation) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{}", request.created.0, request.id))
}

fn read(cursor: &str) -> Option<(Micros, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (created, id) = text.split_once(':')?;
    Some((Micros(created.parse().ok()?), id.to_owned()))
}
