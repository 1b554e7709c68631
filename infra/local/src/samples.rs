//! Sample notifications, dated relative to the day they are loaded.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};

/// The samples, with times written as `{now}`, `{now-3h}` or `{now+1d}`.
const NOTIFICATIONS: &str = include_str!("../samples/notifications.json");

/// The samples as of `now`: a JSON array of notifications.
pub fn notifications(now: DateTime<Utc>) -> Result<String> {
    dated(NOTIFICATIONS, now)
}

/// The text with each `{now}`, `{now-<number><unit>}` and `{now+<number><unit>}` replaced by that time, whole seconds, as
/// services write it: `2026-11-21 04:00:00`. Units are `s`, `m`, `h` and `d`.
fn dated(text: &str, now: DateTime<Utc>) -> Result<String> {
    let mut parts = text.split("{now");
    let mut dated = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (offset, rest) = part.split_once('}').context("a placeholder does not end")?;
        let offset = delta(offset).with_context(|| format!("the placeholder {{now{offset}}}"))?;
        let time = now.checked_add_signed(offset).context("a placeholder leaves the calendar")?;
        dated.push_str(&time.format("%Y-%m-%d %H:%M:%S").to_string());
        dated.push_str(rest);
    }
    Ok(dated)
}

fn delta(offset: &str) -> Result<TimeDelta> {
    let Some(sign) = offset.chars().next() else { return Ok(TimeDelta::zero()) };
    if !matches!(sign, '-' | '+') {
        bail!("it begins with neither - nor +");
    }
    let unit = offset.chars().next_back().context("it has no unit")?;
    let number: i64 = offset[..offset.len() - unit.len_utf8()].parse()?;
    let delta = match unit {
        's' => TimeDelta::try_seconds(number),
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        _ => bail!("'{unit}' is no unit of time"),
    };
    delta.context("it is too far away")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-01T00:00:30.987654Z".parse().expect("a time")
    }

    #[test]
    fn placeholders_become_times_with_whole_seconds() {
        let cases = [
            ("at {now}.", "at 2026-03-01 00:00:30."),
            ("{now-90s}|{now-1m}", "2026-02-28 23:59:00|2026-02-28 23:59:30"),
            ("{now-3h} {\"now\": 1}", "2026-02-28 21:00:30 {\"now\": 1}"),
            ("{now-2d}{now+1d}", "2026-02-27 00:00:302026-03-02 00:00:30"),
        ];
        for (text, expected) in cases {
            assert_eq!(dated(text, now()).expect("it is dated"), expected);
        }
    }

    #[test]
    fn what_is_no_placeholder_is_named() {
        for text in ["{now-3w}", "{now-h}", "{now 3h}", "{now-3h", "{now-}", "{now-99999999999999d}"] {
            assert!(dated(text, now()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_samples_are_an_array_of_notifications() {
        let text = notifications(now()).expect("they are dated");
        let samples: Vec<serde_json::Value> = serde_json::from_str(&text).expect("it is JSON");
        assert!(samples.iter().all(|sample| sample["event_type"].is_string()));
        assert!(!samples.is_empty());
    }
}
