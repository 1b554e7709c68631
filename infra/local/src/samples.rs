//! Sample notifications, dated relative to the day they are loaded.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};

/// The samples, with times written as `{now}`, `{now-3h}` or `{now+1d}`.
const NOTIFICATIONS: &str = include_str!("../samples/notifications.json");

/// Returns the samples as of `now`, a JSON array of notifications.
pub fn notifications(now: DateTime<Utc>) -> Result<String> {
    fill_times(NOTIFICATIONS, now)
}

/// Replaces `{now}`, `{now-<number><unit>}` and `{now+<number><unit>}` by the time they denote, in whole seconds and in
/// the format of `OpenStack` services: `2026-11-21 04:00:00`. Units are `s`, `m`, `h` and `d`.
fn fill_times(text: &str, now: DateTime<Utc>) -> Result<String> {
    let mut parts = text.split("{now");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (offset, rest) = part.split_once('}').context("a placeholder has no closing brace")?;
        let placeholder = || format!("invalid placeholder {{now{offset}}}");
        let delta = parse_offset(offset).with_context(placeholder)?;
        let time = now.checked_add_signed(delta).context("time out of range").with_context(placeholder)?;
        filled.push_str(&time.format("%Y-%m-%d %H:%M:%S").to_string());
        filled.push_str(rest);
    }
    Ok(filled)
}

fn parse_offset(offset: &str) -> Result<TimeDelta> {
    let Some(sign) = offset.chars().next() else { return Ok(TimeDelta::zero()) };
    if !matches!(sign, '-' | '+') {
        bail!("expected - or +, found '{sign}'");
    }
    let unit = offset.chars().next_back().context("no unit")?;
    let number: i64 = offset[..offset.len() - unit.len_utf8()].parse()?;
    let delta = match unit {
        's' => TimeDelta::try_seconds(number),
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        _ => bail!("unknown unit '{unit}': expected s, m, h or d"),
    };
    delta.context("offset out of range")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-01T00:00:30.987654Z".parse().expect("valid time")
    }

    #[test]
    fn placeholders_become_times_in_whole_seconds() {
        let cases = [
            ("at {now}.", "at 2026-03-01 00:00:30."),
            ("{now-90s}|{now-1m}", "2026-02-28 23:59:00|2026-02-28 23:59:30"),
            ("{now-3h} {\"now\": 1}", "2026-02-28 21:00:30 {\"now\": 1}"),
            ("{now-2d}{now+1d}", "2026-02-27 00:00:302026-03-02 00:00:30"),
        ];
        for (text, expected) in cases {
            assert_eq!(fill_times(text, now()).expect("valid placeholders"), expected);
        }
    }

    #[test]
    fn invalid_placeholders_are_errors() {
        for text in ["{now-3w}", "{now-h}", "{now 3h}", "{now-3h", "{now-}", "{now-99999999999999d}"] {
            assert!(fill_times(text, now()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_samples_are_an_array_of_notifications() {
        let text = notifications(now()).expect("valid placeholders");
        let samples: Vec<serde_json::Value> = serde_json::from_str(&text).expect("valid JSON");
        assert!(samples.iter().all(|sample| sample["event_type"].is_string()));
        assert!(!samples.is_empty());
    }
}
