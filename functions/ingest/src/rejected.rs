//! `GET /notifications/rejected`: accepted elements that are not valid notifications.

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

/// Elements of a page by default.
const DEFAULT_LIMIT: usize = 50;
/// Elements of the largest page.
const HIGHEST_LIMIT: usize = 100;
/// Bytes after which a page ends: a function's response may have 6 MB, and an element has at most 200 KB.
const PAGE_BYTES: usize = 4 * 1_024 * 1_024;

/// A page of rejected elements, newest first.
#[derive(Serialize)]
pub struct RejectedPage {
    rejected: Vec<Element>,
    /// The `mark` of the next page; `None` on the last page.
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

/// Lists at most `limit` rejected elements with ids below `mark`.
pub async fn list(State(intake): State<Intake>, uri: Uri) -> Result<Json<RejectedPage>, ApiError> {
    let limit =
        number(&uri, "limit")?.map_or(DEFAULT_LIMIT, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        return Err(Error::invalid(format!("'limit': expected 1 to {HIGHEST_LIMIT}.")).into());
    }
    let found = intake.rejected(limit, number(&uri, "mark")?).await?;
    Ok(Json(page(found, limit)))
}

fn number(uri: &Uri, name: &str) -> Result<Option<u64>, Error> {
    let wrong = |text: &str| Error::invalid(format!("'{name}': '{text}' is not a whole number."));
    first(uri, name).map(|text| text.parse().map_err(|_| wrong(&text))).transpose()
}

/// Returns the page of the elements that fit. It has a mark if there may be more: if `limit` elements were found, or if
/// some do not fit.
fn page(found: Vec<RejectedElement>, limit: usize) -> RejectedPage {
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
    RejectedPage { rejected, mark }
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
        let element = |id| RejectedElement {
            id,
            received: Micros(0),
            reason: "invalid JSON".to_owned(),
            body: body.into(),
        };
        (1..=count).rev().map(element).collect()
    }

    #[test]
    fn a_page_has_a_mark_if_there_may_be_more() {
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
