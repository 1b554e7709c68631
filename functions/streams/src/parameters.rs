//! Pure. Query parameters.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::error::Error;
use domain::storage::block::Start;
use domain::streams::listing::{EventFilter, StreamFilter};
use domain::streams::state::State;
use domain::time::Micros;
use edge::query;
use http::Uri;

use crate::iso8601;
use crate::wire::Order;

/// Items of a page by default, or if `limit` is not a number.
const DEFAULT_LIMIT: usize = 200;
/// Items of the largest page.
const HIGHEST_LIMIT: usize = 1_000;

/// The parameters of a request. Empty ones count as missing.
#[derive(Debug)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    now: DateTime<Utc>,
}

/// The page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageParameters {
    /// Where it begins.
    pub start: Start,
    /// How many items it has at most.
    pub limit: usize,
}

impl PageParameters {
    /// Returns the order of the list.
    pub fn order(&self) -> Order {
        match self.start {
            Start::Above(_) => Order::Ascending,
            Start::Below(_) | Start::Newest => Order::Descending,
        }
    }
}

/// Whether streams are returned with their events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// With their events.
    Included,
    /// Without their events.
    Omitted,
}

impl Parameters {
    /// Reads the parameters of a request at the time `now`.
    pub fn new(uri: &Uri, now: DateTime<Utc>) -> Self {
        let pairs = query::pairs(uri)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into(), value.into()));
        Self { pairs: pairs.collect(), now }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Returns the filter of streams.
    pub fn stream_filter(&self) -> Result<StreamFilter, Error> {
        let state = self.get("state").map(|text| {
            text.parse::<State>().map_err(|cause| Error::invalid(format!("'state': '{text}': {cause}.")))
        });
        Ok(StreamFilter {
            older_than: self.date("older_than")?,
            younger_than: self.date("younger_than")?,
            state: state.transpose()?,
            trigger: self.get("trigger_name").map(str::to_owned),
            traits: self.traits("distinguishing_traits")?,
        })
    }

    /// Returns the filter of events.
    pub fn event_filter(&self) -> Result<EventFilter, Error> {
        Ok(EventFilter {
            from: self.date("from_datetime")?,
            to: self.date("to_datetime")?,
            event_type: self.get("event_name").map(str::to_owned),
            traits: self.traits("traits")?,
        })
    }

    /// Returns the page of a list.
    pub fn page(&self) -> Result<PageParameters, Error> {
        Ok(PageParameters { start: self.start()?, limit: self.limit() })
    }

    /// Returns where a list or a count begins. The `+` of a mark may be a space, which is what an unencoded `+` in a query
    /// means.
    pub fn start(&self) -> Result<Start, Error> {
        let Some(mark) = self.get("mark") else { return Ok(Start::Newest) };
        let wrong = || Error::invalid(format!("'mark': '{mark}' is not the mark of an item."));
        let (ascending, digits) = match mark.strip_prefix(['+', ' ']) {
            Some(digits) => (true, digits),
            None => (false, mark.strip_prefix('-').unwrap_or(mark)),
        };
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        let id = match digits {
            "" => None,
            digits => Some(u64::from_str_radix(digits, 16).map_err(|_| wrong())?),
        };
        Ok(match (ascending, id) {
            (true, id) => Start::Above(id.unwrap_or_default()),
            (false, Some(id)) => Start::Below(id),
            (false, None) => Start::Newest,
        })
    }

    fn limit(&self) -> usize {
        let limit = self.get("limit").and_then(|text| text.trim().parse::<usize>().ok());
        limit.unwrap_or(DEFAULT_LIMIT).min(HIGHEST_LIMIT)
    }

    /// Returns whether streams are returned with their events (`details`, or `detail`).
    pub fn events(&self) -> Events {
        let is_true = |text: &str| ["true", "1", "yes", "on"].contains(&text.to_ascii_lowercase().as_str());
        let is_included = ["details", "detail"].into_iter().any(|name| self.get(name).is_some_and(is_true));
        if is_included { Events::Included } else { Events::Omitted }
    }

    fn date(&self, name: &str) -> Result<Option<Micros>, Error> {
        let wrong = |text: &str| {
            Error::invalid(format!(
                "'{name}': '{text}' is not a date: expected one such as 2015-02-28T13:30."
            ))
        };
        self.get(name).map(|text| iso8601::parse(text, self.now).ok_or_else(|| wrong(text))).transpose()
    }

    /// Returns the traits `name:value;name:value` of all parameters with this name. The last value of a trait counts.
    fn traits(&self, name: &str) -> Result<BTreeMap<String, String>, Error> {
        let mut traits = BTreeMap::new();
        for (_, text) in self.pairs.iter().filter(|(other, _)| other == name) {
            for pair in text.split(';').flat_map(split_at_commas) {
                let wrong = || Error::invalid(format!("'{name}': '{pair}': expected name:value."));
                let mut pieces = pair.split(':');
                let (key, value) =
                    (pieces.next().unwrap_or_default().trim(), pieces.next().ok_or_else(wrong)?);
                traits.insert(key.to_owned(), value.trim().to_owned());
            }
        }
        Ok(traits)
    }
}

/// Splits at commas that a further pair follows: some clients join pairs that way. Any other comma is part of a value.
fn split_at_commas(text: &str) -> Vec<String> {
    let mut pairs: Vec<String> = Vec::new();
    for piece in text.split(',') {
        match pairs.last_mut() {
            Some(last) if !piece.contains(':') => {
                last.push(',');
                last.push_str(piece);
            }
            _ => pairs.push(piece.to_owned()),
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str) -> Parameters {
        let now = "2015-03-01T09:00:00Z".parse().expect("a time");
        Parameters::new(&format!("/v1/streams?{query}").parse().expect("a URI"), now)
    }

    #[test]
    fn a_mark_is_the_start_and_the_order_of_a_page() {
        for (query, expected) in [
            ("", Some(Start::Newest)),
            ("mark=", Some(Start::Newest)),
            ("mark=27a", Some(Start::Below(0x27a))),
            ("mark=0x10", Some(Start::Below(16))),
            ("mark=-27a", Some(Start::Below(0x27a))),
            ("mark=-", Some(Start::Newest)),
            ("mark=%2B", Some(Start::Above(0))),
            ("mark=%2B1f", Some(Start::Above(0x1f))),
            ("mark=+1f", Some(Start::Above(0x1f))),
            ("mark=xyz", None),
            ("mark=%2B%2B", None),
        ] {
            assert_eq!(parameters(query).start().ok(), expected, "{query}");
        }
    }

    #[test]
    fn an_invalid_limit_is_the_default() {
        for (query, expected) in [
            ("", 200),
            ("limit=", 200),
            ("limit=x", 200),
            ("limit=-1", 200),
            ("limit=0", 0),
            ("limit=7", 7),
            ("limit=9999", 1_000),
        ] {
            assert_eq!(parameters(query).limit(), expected, "{query}");
        }
    }

    #[test]
    fn traits_are_pairs_joined_by_semicolons_or_commas() {
        let traits =
            |query: &str| parameters(query).traits("traits").map(|traits| format!("{traits:?}")).ok();
        for (query, expected) in [
            ("traits=a:b", Some(r#"{"a": "b"}"#)),
            ("traits=a:b;c:d", Some(r#"{"a": "b", "c": "d"}"#)),
            ("traits=a:b%3B%20c%20:%20d", Some(r#"{"a": "b", "c": "d"}"#)),
            ("traits=a:b&traits=c:d", Some(r#"{"a": "b", "c": "d"}"#)),
            ("traits=a:b,c:d", Some(r#"{"a": "b", "c": "d"}"#)),
            ("traits=a:b,c", Some(r#"{"a": "b,c"}"#)),
            ("traits=a:b:junk", Some(r#"{"a": "b"}"#)),
            ("traits=a:b;a:c", Some(r#"{"a": "c"}"#)),
            ("traits=a", None),
            ("traits=a:b;", None),
        ] {
            assert_eq!(traits(query).as_deref(), expected, "{query}");
        }
    }

    #[test]
    fn details_include_events_in_either_spelling() {
        for (query, expected) in [
            ("details=True", true),
            ("detail=true", true),
            ("details=1", true),
            ("details=false", false),
            ("details=", false),
        ] {
            assert_eq!(parameters(query).events() == Events::Included, expected, "{query}");
        }
        assert_eq!(
            parameters("state=ACTIVE").stream_filter().map(|filter| filter.state).ok(),
            Some(Some(State::Active))
        );
        assert!(parameters("state=unknown").stream_filter().is_err());
        assert!(parameters("older_than=soon").stream_filter().is_err());
    }
}
