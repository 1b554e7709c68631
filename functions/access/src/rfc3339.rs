//! Pure. Times in RFC 3339, as this API writes them.

use chrono::SecondsFormat;
use domain::time::Micros;

/// Formats a time as `2035-01-05T00:00:30Z`, with a fraction only if it has one.
pub fn format(at: Micros) -> String {
    at.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
