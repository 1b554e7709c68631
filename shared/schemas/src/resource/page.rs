//! Pure. Pages of lists: limits, offsets, and the links to their neighbours.

use form_urlencoded::Serializer;
use serde_json::{Value, json};

use crate::record::Name;

/// Rows of a page if the query names no limit.
const DEFAULT_LIMIT: i64 = 20;
/// Rows of the largest page.
const LARGEST_LIMIT: i64 = 1_000;

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    limit: i64,
    offset: i64,
}

impl Page {
    /// Reads `limit` and `offset`. Fails with the documented text.
    pub fn read(pairs: &[(String, String)]) -> Result<Self, String> {
        let last =
            |name: &str| pairs.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let limit = match last("limit") {
            None => DEFAULT_LIMIT,
            Some(text) => integer(text).ok_or_else(|| {
                format!("Invalid limit '{text}' provided. Please provide a positive integer.")
            })?,
        };
        if limit < 0 {
            return Err(format!("Invalid limit '{limit}' provided. Please provide a positive integer >= 0."));
        }
        let offset = match last("offset") {
            None => 0,
            Some(text) => integer(text)
                .ok_or_else(|| format!("Invalid offset '{text}' provided. Please provide an integer."))?,
        };
        if offset < 0 {
            return Err(format!(
                "Invalid offset '{offset}' provided. Please provide a positive integer >= 0."
            ));
        }
        let limit = if limit == 0 { LARGEST_LIMIT } else { limit.min(LARGEST_LIMIT) };
        Ok(Self { limit, offset })
    }

    /// Returns the rows of the page out of all rows.
    pub fn slice<T>(self, rows: Vec<T>) -> Vec<T> {
        let count = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        rows.into_iter().skip(count(self.offset)).take(count(self.limit)).collect()
    }

    /// Returns `meta`. `pairs` is the query, whose other parameters the links keep.
    pub fn meta(self, name: Name, total: usize, pairs: &[(String, String)]) -> Value {
        let total_count = i64::try_from(total).unwrap_or(i64::MAX);
        let link = |offset: i64| {
            let mut query = Serializer::new(String::new());
            for (name, value) in
                pairs.iter().filter(|(name, _)| !["limit", "offset"].contains(&name.as_str()))
            {
                query.append_pair(name, value);
            }
            query.append_pair("limit", &self.limit.to_string()).append_pair("offset", &offset.to_string());
            format!("/api/v1/{name}/?{}", query.finish())
        };
        let (previous, next) = (self.offset - self.limit, self.offset.saturating_add(self.limit));
        json!({
            "limit": self.limit,
            "next": (next < total_count).then(|| link(next)),
            "offset": self.offset,
            "previous": (previous >= 0).then(|| link(previous)),
            "total_count": total_count,
        })
    }
}

/// Parses a whole number. One that is too large counts as the largest.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let most = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    #[test]
    fn limits_and_offsets_are_checked_as_documented() {
        for (query, expected) in [
            ("", Ok((20, 0))),
            ("limit=0", Ok((1_000, 0))),
            ("limit=1001", Ok((1_000, 0))),
            ("limit=99999999999999999999&offset=7", Ok((1_000, 7))),
            ("limit=1&limit=2", Ok((2, 0))),
            ("limit=-1", Err("Invalid limit '-1' provided. Please provide a positive integer >= 0.")),
            ("limit=abc", Err("Invalid limit 'abc' provided. Please provide a positive integer.")),
            ("limit=", Err("Invalid limit '' provided. Please provide a positive integer.")),
            ("offset=x", Err("Invalid offset 'x' provided. Please provide an integer.")),
            ("offset=-1", Err("Invalid offset '-1' provided. Please provide a positive integer >= 0.")),
        ] {
            let page = Page::read(&pairs(query)).map(|page| (page.limit, page.offset));
            assert_eq!(page, expected.map_err(str::to_owned), "{query}");
        }
    }

    #[test]
    fn neighbours_keep_the_other_parameters() {
        for (query, total, previous, next) in [
            ("limit=1&offset=1", 3, Some("limit=1&offset=0"), Some("limit=1&offset=2")),
            ("limit=1&offset=2", 3, Some("limit=1&offset=1"), None),
            ("limit=2&offset=1", 4, None, Some("limit=2&offset=3")),
            ("foo=bar&limit=1", 3, None, Some("foo=bar&limit=1&offset=1")),
            ("id__in=1,2&limit=1", 2, None, Some("id__in=1%2C2&limit=1&offset=1")),
            ("offset=10", 3, None, None),
        ] {
            let pairs = pairs(query);
            let meta = Page::read(&pairs).expect("a page").meta(Name::Role, total, &pairs);
            let link = |query: Option<&str>| json!(query.map(|query| format!("/api/v1/role/?{query}")));
            assert_eq!((&meta["previous"], &meta["next"]), (&link(previous), &link(next)), "{query}");
            assert_eq!(meta["total_count"], total);
        }
    }

    #[test]
    fn a_page_past_the_end_is_empty() {
        let page = Page { limit: 2, offset: 2 };
        assert_eq!(page.slice(vec![1, 2, 3]), [3]);
        assert_eq!(page.slice(vec![1, 2]), [0; 0]);
    }
}
