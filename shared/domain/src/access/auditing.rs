//! Reading the audit log, newest first.

use crate::access::Access;
use crate::access::audit::{self, Entry};
use crate::error::Error;
use crate::time::Micros;

/// A page of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins; none on the last.
    pub mark: Option<String>,
}

/// The place of an entry in the log.
pub(crate) type Place = (Micros, String);

impl Access {
    /// At most `limit` entries, older than the one at `mark` where one is given.
    pub async fn audit_list(&self, limit: usize, mark: Option<&str>) -> Result<Page, Error> {
        let mut after = mark.map(place).transpose()?;
        let newest = after.as_ref().map_or_else(|| self.now(), |(at, _)| *at).months();
        let oldest = self.now().plus_seconds(-audit::SECONDS).months();
        let mut entries = Vec::new();
        // A month is a partition; months in which nobody changed anything cost half a unit each.
        for month in (oldest..=newest).rev() {
            entries.extend(self.audit_month(month, after.take(), limit - entries.len()).await?);
            if entries.len() == limit {
                break;
            }
        }
        let last = entries.last().filter(|_| entries.len() == limit);
        let mark = last.map(|entry| format!("{}-{}", entry.at.0, entry.id));
        Ok(Page { entries, mark })
    }
}

fn place(mark: &str) -> Result<Place, Error> {
    let wrong = || Error::invalid(format!("'mark': '{mark}' is no mark of a page before."));
    let (at, id) = mark.split_once('-').ok_or_else(wrong)?;
    Ok((at.parse().map(Micros).map_err(|_| wrong())?, id.to_owned()))
}
