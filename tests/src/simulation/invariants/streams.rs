//! Pure. Streams: their members, and that every unfinished one is found again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::simulation::definitions::TRIGGERS;
use crate::simulation::outcome::Outcome;
use crate::simulation::tables::{self, is_open_stream, pk, sk};
use crate::simulation::violation::{Kind, Violation};

/// Returns the row ids in a list of numbers.
fn ids(list: &Value) -> impl Iterator<Item = u64> {
    let numbers = list["L"].as_array().into_iter().flatten();
    numbers.filter_map(|number| number["N"].as_str()?.parse().ok())
}

/// Returns the members of a stream: those of its head, and of the pages that its head names.
fn members(head: &Value, pages: &BTreeMap<(String, String), &Value>) -> Vec<u64> {
    let mut members: Vec<u64> = ids(&head["ev"]).collect();
    let id = head["id"]["N"].as_str().unwrap_or_default();
    for page in head["pg"]["L"].as_array().into_iter().flatten() {
        let name = page["M"]["k"]["S"].as_str().unwrap_or_default();
        if let Some(page) = pages.get(&(format!("SE#{id}"), name.to_owned())) {
            members.extend(ids(&page["ev"]));
        }
    }
    members
}

/// Every event of a client is in exactly one stream of each trigger.
pub fn one_stream_per_trigger(outcome: &Outcome) -> Option<Violation> {
    if !outcome.plan.has_streams {
        return None;
    }
    let pages =
        outcome.streams.iter().map(|item| ((pk(item).to_owned(), sk(item).to_owned()), item)).collect();
    let mut streams = BTreeMap::<(u64, String), Vec<String>>::new();
    for head in outcome.streams.iter().filter(|item| pk(item).starts_with("S#")) {
        let trigger = head["nm"]["S"].as_str().unwrap_or_default();
        for member in members(head, &pages) {
            let stream = head["id"]["N"].as_str().unwrap_or_default().to_owned();
            streams.entry((member, trigger.to_owned())).or_default().push(stream);
        }
    }
    let sent: BTreeSet<&str> =
        outcome.history.iter().filter_map(|sent| sent.notification["message_id"].as_str()).collect();
    let mut findings = Vec::new();
    for row in outcome.usage.iter().filter(|item| pk(item).starts_with("N#")) {
        let message_id = row["mi"]["S"].as_str().unwrap_or_default();
        let id = row["id"]["N"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
        for trigger in TRIGGERS.into_iter().filter(|_| sent.contains(message_id)) {
            let found = streams.get(&(id, trigger.to_owned())).map(Vec::as_slice).unwrap_or_default();
            if found.len() != 1 {
                findings.push(format!("event {message_id} is in streams {found:?} of {trigger}"));
            }
        }
    }
    Violation::of(Kind::NotInOneStream, &findings)
}

/// Every unfinished stream has the due row that it names, in a minute that is still to come.
pub fn findable(outcome: &Outcome) -> Option<Violation> {
    let now = tables::minute_of(outcome.ended);
    let due: BTreeSet<(&str, &str)> = outcome
        .streams
        .iter()
        .map(|item| (pk(item), sk(item)))
        .filter(|(pk, _)| pk.starts_with("V#"))
        .collect();
    let open = outcome.streams.iter().filter(|item| is_open_stream(item));
    let is_lost = |head: &&Value| {
        let minute: i64 = head["du"]["N"].as_str().and_then(|minute| minute.parse().ok()).unwrap_or_default();
        let sort_key = format!("S#{}", sk(head));
        let has_row = due.iter().any(|(pk, sk)| pk.starts_with(&format!("V#{minute}#")) && *sk == sort_key);
        minute < now || !has_row
    };
    let findings: Vec<_> = open.filter(is_lost).map(describe).collect();
    Violation::of(Kind::ForgottenStream, &findings)
}

fn describe(head: &Value) -> String {
    let number = |name: &str| head[name]["N"].as_str().unwrap_or("none").to_owned();
    let text = |name: &str| head[name]["S"].as_str().unwrap_or_default();
    format!("stream {} of {} is {}, due in minute {}", number("id"), text("nm"), text("st"), number("du"))
}

/// No row of due or outgoing work is left, except those of streams that are still open.
pub fn no_work_left(outcome: &Outcome) -> Option<Violation> {
    let open: BTreeSet<String> = outcome
        .streams
        .iter()
        .filter(|item| is_open_stream(item))
        .map(|head| format!("S#{}", sk(head)))
        .collect();
    let items = outcome.usage.iter().chain(&outcome.streams).filter(|item| !open.contains(sk(item)));
    Violation::of(Kind::LeftoverWork, &items.filter_map(tables::work).collect::<Vec<_>>())
}
