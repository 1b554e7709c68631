//! Pure. The ledger: rows, counters, verdicts and announcements.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::simulation::outcome::Outcome;
use crate::simulation::tables::pk;
use crate::simulation::violation::{Kind, Violation};
use crate::stored_state::{self, StoredState};

/// Kinds of stored records that do not last, or depend on how notifications were packed.
const PASSING: [&str; 4] = ["chunk", "due", "outbox", "open block"];
/// Records with verdicts and links.
const JUDGED: [&str; 2] = ["instance exists", "image exists"];

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"].as_str().unwrap_or_default()
}

/// Every accepted notification has one row.
pub fn recorded_once(outcome: &Outcome) -> Option<Violation> {
    let mut rows = BTreeMap::<&str, usize>::new();
    for row in outcome.usage.iter().filter(|item| pk(item).starts_with("N#")) {
        *rows.entry(text(row, "mi")).or_default() += 1;
    }
    let ids = outcome.history.iter().filter_map(|sent| sent.notification["message_id"].as_str());
    let counts = ids.map(|id| (id, rows.get(id).copied().unwrap_or_default()));
    let wrong = counts.filter(|(_, count)| *count != 1);
    let findings: Vec<_> = wrong.map(|(id, count)| format!("notification {id} has {count} rows")).collect();
    Violation::of(Kind::NotRecordedOnce, &findings)
}

/// The counters of an event type add up to its rows.
pub fn counted(outcome: &Outcome) -> Option<Violation> {
    let mut differences = BTreeMap::<&str, i64>::new();
    for item in &outcome.usage {
        if pk(item).starts_with("N#") {
            *differences.entry(text(item, "et")).or_default() -= 1;
        } else if pk(item).starts_with("K#") {
            for (name, count) in item.as_object().into_iter().flatten() {
                if let Some(event_type) = name.strip_prefix("e:") {
                    let count = count["N"].as_str().and_then(|count| count.parse::<i64>().ok());
                    *differences.entry(event_type).or_default() += count.unwrap_or_default();
                }
            }
        }
    }
    let wrong = differences.into_iter().filter(|(_, difference)| *difference != 0);
    let findings: Vec<_> =
        wrong.map(|(event_type, difference)| format!("{event_type} is counted {difference:+}")).collect();
    Violation::of(Kind::WrongCounters, &findings)
}

/// Verdicts and links equal those of the calm run.
pub fn verdicts(outcome: &Outcome, calm: &Outcome) -> Option<Violation> {
    let judged = |stored: &StoredState| -> StoredState {
        stored.clone().into_iter().filter(|(kind, _)| JUDGED.contains(&kind.as_str())).collect()
    };
    let findings = stored_state::differences(&judged(&outcome.stored), &judged(&calm.stored));
    Violation::of(Kind::WrongVerdict, &findings)
}

/// All other records equal those of the calm run, except announcements, which follow from the verdicts.
pub fn records(outcome: &Outcome, calm: &Outcome) -> Option<Violation> {
    let others = |stored: &StoredState| -> StoredState {
        let mut stored = stored.clone();
        stored.retain(|kind, _| !JUDGED.contains(&kind.as_str()) && !PASSING.contains(&kind.as_str()));
        for records in stored.values_mut() {
            records.retain(|name, _| !name.contains(".verified "));
        }
        for counts in stored.get_mut("hour").into_iter().flat_map(BTreeMap::values_mut) {
            if let Some(counts) = counts.as_object_mut() {
                counts.retain(|name, _| !name.ends_with(".verified"));
            }
        }
        stored
    };
    let findings = stored_state::differences(&others(&outcome.stored), &others(&calm.stored));
    Violation::of(Kind::WrongLedger, &findings)
}

/// Every verified record is announced, always under the same id, and no other record is.
pub fn announced_once(outcome: &Outcome) -> Option<Violation> {
    let mut ids = BTreeMap::<&str, BTreeSet<&str>>::new();
    for message in &outcome.announced {
        let original = message["original_message_id"].as_str().unwrap_or_default();
        ids.entry(original).or_default().insert(message["message_id"].as_str().unwrap_or_default());
    }
    let exists = outcome.usage.iter().filter(|item| pk(item).starts_with("XN#"));
    let mut findings = Vec::new();
    for record in exists {
        let (message_id, is_verified) = (text(record, "mi"), text(record, "st") == "verified");
        let announced = ids.get(message_id).map_or(0, BTreeSet::len);
        if announced != usize::from(is_verified) {
            let status = text(record, "st");
            findings.push(format!("{status} record {message_id} is announced under {announced} ids"));
        }
    }
    Violation::of(Kind::NotAnnouncedOnce, &findings)
}
