//! Pure. What a query asks for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::error::Error;
use domain::storage::block::Start;
use domain::streams::listing::{EventFilter, StreamFilter};
use domain::streams::state::State;
use domain::time::Micros;
use edge::query;
use http::Uri;

use crate::dates::date;

/// Items of a page that did not ask for a number of them, or for none that is one.
const DEFAULT_LIMIT: usize = 200;
/// Items of the longest page.
const HIGHEST_LIMIT: usize = 1_000;

/// The parameters of a request; those that are blank count as not given.
#[derive(Debug)]
pub struct Parameters {
    given: Vec<(String, String)>,
    now: DateTime<Utc>,
}

/// Which page is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it begins.
    pub start: Start,
    /// How long it is.
    pub limit: usize,
}

impl Parameters {
    /// The parameters of this address, asked at this time.
    pub fn of(uri: &Uri, now: DateTime<Utc>) -> Self {
        let given = query::pairs(uri)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into(), value.into()));
        Self { given: given.collect(), now }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// What streams are wanted.
    pub fn stream_filter(&self) -> Result<StreamFilter, Error> {
        let state = self.get("state").map(|text| {
            text.parse::<State>().map_err(|problem| Error::invalid(format!("'state': '{text}': {problem}.")))
        });
        Ok(StreamFilter {
            older_than: self.date("older_than")?,
            younger_than: self.date("younger_than")?,
            state: state.transpose()?,
            trigger: self.get("trigger_name").map(str::to_owned),
            traits: self.traits("distinguishing_traits")?,
        })
    }

    /// What events are wanted.
    pub fn event_filter(&self) -> Result<EventFilter, Error> {
        Ok(EventFilter {
            from: self.date("from_datetime")?,
            to: self.date("to_datetime")?,
            event_type: self.get("event_name").map(str::to_owned),
            traits: self.traits("traits")?,
        })
    }

    /// Which page is wanted.
    pub fn page(&self) -> Result<Page, Error> {
        Ok(Page { start: self.start()?, limit: self.limit() })
    }

    /// Where a list, or a count, begins. A blank may stand for the `+` that a query turns into one.
    pub fn start(&self) -> Result<Start, Error> {
        let Some(mark) = self.get("mark") else { return Ok(Start::Newest) };
        let wrong = || Error::invalid(format!("'mark': '{mark}' is no mark of a page before."));
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

    /// Whether the events of streams are wanted too, in either spelling.
    pub fn details(&self) -> bool {
        let is_true = |text: &str| ["true", "1", "yes", "on"].contains(&text.to_ascii_lowercase().as_str());
        ["details", "detail"].into_iter().any(|name| self.get(name).is_some_and(is_true))
    }

    fn date(&self, name: &str) -> Result<Option<Micros>, Error> {
        let wrong =
            |text: &str| Error::invalid(format!("'{name}': '{text}' is no date, as 2015-02-28T13:30."));
        self.get(name).map(|text| date(text, self.now).ok_or_else(|| wrong(text))).transpose()
    }

    /// `name:value;name:value`, in one parameter or in several; the last of a name counts.
    fn traits(&self, name: &str) -> Result<BTreeMap<String, String>, Error> {
        let mut traits = BTreeMap::new();
        for (_, text) in self.given.iter().filter(|(given, _)| given == name) {
            for pair in text.split(';').flat_map(by_comma) {
                let wrong = || Error::invalid(format!("'{name}': '{pair}': name:value is expected."));
                let mut pieces = pair.split(':');
                let (key, value) =
                    (pieces.next().unwrap_or_default().trim(), pieces.next().ok_or_else(wrong)?);
                traits.insert(key.to_owned(), value.trim().to_owned());
            }
        }
        Ok(traits)
    }
}

/// Cuts at a comma where a further pair follows it: some clients join pairs that way. Any other comma is part of a value.
fn by_comma(text: &str) -> Vec<String> {
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
        Parameters::of(&format!("/v1/streams?{query}").parse().expect("an address"), now)
    }

    #[test]
    fn a_mark_says_where_a_page_begins_and_which_way_it_goes() {
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
    fn a_limit_that_is_none_is_the_usual_one() {
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
    fn details_are_wanted_in_either_spelling() {
        for (query, expected) in [
            ("details=True", true),
            ("detail=true", true),
            ("details=1", true),
            ("details=false", false),
            ("details=", false),
        ] {
            assert_eq!(parameters(query).details(), expected, "{query}");
        }
        assert_eq!(
            parameters("state=ACTIVE").stream_filter().map(|filter| filter.state).ok(),
            Some(Some(State::Active))
        );
        assert!(parameters("state=unknown").stream_filter().is_err());
        assert!(parameters("older_than=soon").stream_filter().is_err());
    }
}
