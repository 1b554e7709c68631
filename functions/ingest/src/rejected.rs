//! What was taken and is no usable notification, for a person to look at.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use domain::error::Error;
use domain::ingest::Intake;
use domain::ingest::rejected::RejectedElement;
use edge::query::first;
use serde::Serialize;
use serde_json::Value;

use crate::error::ApiError;

/// Elements of a page that did not ask for a number of them.
const DEFAULT_LIMIT: usize = 50;
/// Elements of the longest page.
const HIGHEST_LIMIT: usize = 100;
/// Bytes after which a page ends: a function's answer may have 6 MB, and an element has at most 200 KB.
const PAGE_BYTES: usize = 4 * 1_024 * 1_024;

/// A page, newest first.
#[derive(Serialize)]
pub struct Page {
    rejected: Vec<Element>,
    /// `mark` of the next page; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<u64>,
}

#[derive(Serialize)]
struct Element {
    id: u64,
    received: String,
    reason: String,
    body: Value,
}

/// Lists what was set aside: at most `limit` elements, below the id `mark`.
pub async fn list(State(intake): State<Intake>, uri: Uri) -> Result<Json<Page>, ApiError> {
    let limit =
        number(&uri, "limit")?.map_or(DEFAULT_LIMIT, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        return Err(Error::invalid(format!("'limit': from 1 to {HIGHEST_LIMIT}.")).into());
    }
    let found = intake.rejected(limit, number(&uri, "mark")?).await?;
    Ok(Json(page(found, limit)))
}

fn number(uri: &Uri, name: &str) -> Result<Option<u64>, Error> {
    let wrong = |text: &str| Error::invalid(format!("'{name}': '{text}' is no whole number from 0."));
    first(uri, name).map(|text| text.parse().map_err(|_| wrong(&text))).transpose()
}

/// As much of what was found as fits. There may be more where all of `limit` were found or some did not fit.
fn page(found: Vec<RejectedElement>, limit: usize) -> Page {
    let is_full = found.len() == limit;
    let count = found.len();
    let mut bytes = 0;
    let elements = found.into_iter().take_while(|element| {
        let fits = bytes < PAGE_BYTES;
        bytes += element.body.to_string().len();
        fits
    });
    let rejected: Vec<_> = elements.map(Element::from).collect();
    let last = rejected.last().map(|element| element.id);
    let mark = last.filter(|_| is_full || rejected.len() < count);
    Page { rejected, mark }
}

impl From<RejectedElement> for Element {
    fn from(element: RejectedElement) -> Self {
        let RejectedElement { id, received, reason, body } = element;
        Self { id, received: received.to_string(), reason, body }
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Micros;

    use super::*;

    fn found(count: u64, body: &str) -> Vec<RejectedElement> {
        let element =
            |id| RejectedElement { id, received: Micros(0), reason: "no JSON".to_owned(), body: body.into() };
        (1..=count).rev().map(element).collect()
    }

    #[test]
    fn a_page_has_a_mark_where_there_may_be_more() {
        let page = |found, limit| {
            let page = page(found, limit);
            (page.rejected.len(), page.mark)
        };
        assert_eq!(page(found(0, ""), 3), (0, None));
        assert_eq!(page(found(2, ""), 3), (2, None));
        assert_eq!(page(found(3, ""), 3), (3, Some(1)));
        // 200 KB each: 21 of them reach 4 MB.
        assert_eq!(page(found(50, &"x".repeat(200_000)), 100), (21, Some(30)));
    }
}
