//! Finding requests.

use chrono::NaiveDate;

use crate::error::Error;
use crate::recomputations::Recomputations;
use crate::recomputations::record::Recomputation;
use crate::recomputations::status::Status;

/// Which requests are wanted: those that meet everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The exact name of the report.
    pub report: Option<String>,
    /// A day (`yyyy-mm-dd`) in the period.
    pub date: Option<String>,
    /// How far they are.
    pub status: Option<Status>,
}

impl Filter {
    fn passes(&self, request: &Recomputation) -> bool {
        self.report.as_ref().is_none_or(|report| *report == request.fields.report)
            && self.date.as_ref().is_none_or(|date| request.covers(date))
            && self.status.is_none_or(|status| status == request.status)
    }
}

/// Whether this is a day that the calendar has, written `yyyy-mm-dd`.
pub fn is_date(text: &str) -> bool {
    let is_plain = |(place, byte): (usize, u8)| {
        if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
    };
    text.len() == 10
        && text.bytes().enumerate().all(is_plain)
        && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

impl Recomputations {
    /// The tenant's requests that pass, in the order of their submission.
    pub async fn list(&self, tenant: &str, filter: &Filter) -> Result<Vec<Recomputation>, Error> {
        let mut found = self.request_list(tenant).await?;
        found.retain(|request| filter.passes(request));
        found.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        Ok(found)
    }

    /// The tenant's request with this id.
    pub async fn get(&self, tenant: &str, id: &str) -> Result<Option<Recomputation>, Error> {
        self.request_get(tenant, id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_of_the_calendar_in_ten_characters() {
        for (text, expected) in [
            ("2015-03-15", true),
            ("2016-02-29", true),
            ("2015-02-30", false),
            ("2015-1-05", false),
            ("2020-03-303", false),
            ("2015-03-15 ", false),
            ("+015-03-15", false),
            ("2015-03- 5", false),
        ] {
            assert_eq!(is_date(text), expected, "{text}");
        }
    }
}
