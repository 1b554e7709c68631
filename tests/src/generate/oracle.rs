//! A reference model of verification: applies `StackTach` v2's rules to the notifications themselves, one by one by time.
//! It shares no code with the implementation that it is compared with.

use std::collections::{BTreeMap, BTreeSet};

use domain::time::{Hour, Micros};
use domain::usage::verdict::{FlavorField, Level};
use serde_json::{Value, json};

use super::Scenario;

/// The expected verdict on one exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The name of its final status.
    pub status: &'static str,
    /// The kind of its failure reason, as [`kind`] names it.
    pub reason: Option<String>,
}

/// Expected verdicts by message id and UUID.
pub type Verdicts = BTreeMap<(String, String), Expected>;

/// The compared fields of a launch, an audit report or an exists.
#[derive(Clone, Debug, Default)]
struct Facts {
    launched_at: Option<Micros>,
    fields: BTreeMap<&'static str, Option<String>>,
}

const IMAGE_FIELDS: [(&str, &str); 4] = [
    ("rax_options", "com.rackspace__1__options"),
    ("os_architecture", "org.openstack__1__architecture"),
    ("os_version", "org.openstack__1__os_version"),
    ("os_distro", "org.openstack__1__os_distro"),
];

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn time(value: &Value) -> Option<Micros> {
    Micros::parse(value.as_str()?)
}

fn second(at: Micros) -> i64 {
    at.0.div_euclid(1_000_000)
}

/// Returns each message once, by time and message id.
fn events(scenario: &Scenario) -> Vec<&Value> {
    let by_id: BTreeMap<_, _> =
        scenario.notifications.iter().map(|event| (event["message_id"].as_str(), event)).collect();
    let mut events: Vec<_> = by_id.into_values().collect();
    events.sort_by_key(|event| (time(&event["timestamp"]), event["message_id"].to_string()));
    events
}

/// Returns the expected verdicts at a level and with a flavor field.
pub fn verdicts(scenario: &Scenario, level: Level, flavor: FlavorField) -> Verdicts {
    let flavor = match flavor {
        FlavorField::InstanceTypeId => "instance_type_id",
        FlavorField::InstanceFlavorId => "instance_flavor_id",
    };
    let (events, launches) = (events(scenario), launches(scenario));
    let mut verdicts = Verdicts::new();
    for event in &events {
        let message_id = text(&event["message_id"]).unwrap_or_default();
        let payload = &event["payload"];
        if event["event_type"] == "compute.instance.exists" {
            let instance = text(&payload["instance_id"]).unwrap_or_default();
            let ledger = by_ledger(&events, &launches, payload, level, flavor);
            let (passed, reason) = match ledger {
                Ok(()) => ("verified", None),
                Err(first) => match by_reports(scenario, &events, payload, flavor) {
                    None => ("failed", Some(first)),
                    Some(Ok(())) => ("reconciled", None),
                    Some(Err(second)) => ("failed", Some(second)),
                },
            };
            let status = if passed == "failed" && scenario.repaired.contains(&message_id) {
                "sent_failed"
            } else {
                passed
            };
            verdicts.insert((message_id, instance), Expected { status, reason });
        } else if event["event_type"] == "image.exists" {
            for image in payload["images"].as_array().into_iter().flatten() {
                let reason = of_image(&events, payload, image).err();
                let status = match &reason {
                    None => "verified",
                    Some(_) if scenario.repaired_images.contains(&message_id) => "sent_failed",
                    Some(_) => "failed",
                };
                let uuid = text(&image["id"]).unwrap_or_default();
                verdicts.insert((message_id.clone(), uuid), Expected { status, reason });
            }
        }
    }
    verdicts
}

/// Returns the ids of the messages that must be announced once: all their exists pass, and they are not repaired.
pub fn announced(scenario: &Scenario, verdicts: &Verdicts) -> BTreeSet<String> {
    let all: BTreeSet<_> = verdicts.keys().map(|(message_id, _)| message_id.clone()).collect();
    let failed = |(_, expected): &(&(String, String), &Expected)| {
        !matches!(expected.status, "verified" | "reconciled")
    };
    let failed: BTreeSet<_> =
        verdicts.iter().filter(failed).map(|((message_id, _), _)| message_id.clone()).collect();
    let sent: BTreeSet<_> = scenario.repaired.iter().chain(&scenario.repaired_images).cloned().collect();
    all.into_iter().filter(|id| !failed.contains(id) && !sent.contains(id)).collect()
}

/// Returns the expected hour counters in the form of the stored state: each message once, announcements included.
pub fn hours(
    scenario: &Scenario,
    announced: &BTreeSet<String>,
) -> BTreeMap<(String, Hour), BTreeMap<String, Value>> {
    let mut hours = BTreeMap::<(String, Hour), BTreeMap<String, u64>>::new();
    for event in events(scenario) {
        let event_type = text(&event["event_type"]).unwrap_or_default();
        let service = if event_type.starts_with("image.") { "glance" } else { "nova" };
        let hour = time(&event["timestamp"]).map_or(Hour(0), Micros::hour);
        let counts = hours.entry((service.to_owned(), hour)).or_default();
        if announced.contains(event["message_id"].as_str().unwrap_or_default()) {
            *counts.entry(format!("e:{event_type}.verified")).or_default() += 1;
        }
        *counts.entry(format!("e:{event_type}")).or_default() += 1;
    }
    let values =
        |counts: BTreeMap<String, u64>| counts.into_iter().map(|(name, n)| (name, json!(n))).collect();
    hours.into_iter().map(|(hour, counts)| (hour, values(counts))).collect()
}

/// Returns the launches by instance and request.
fn launches(scenario: &Scenario) -> BTreeMap<(String, String), Facts> {
    let mut rows = BTreeMap::<(String, String), Facts>::new();
    for event in events(scenario) {
        let name = event["event_type"].as_str().and_then(|name| name.strip_prefix("compute.instance."));
        let payload = &event["payload"];
        let failed = text(&payload["message"]).is_some_and(|message| message != "Success");
        let name = name.unwrap_or_default();
        let (overwrites, fills, advances) = match name {
            "create.start" | "finish_resize.start" => (true, false, false),
            "rebuild.start" | "rescue.start" => (true, true, false),
            "resize.prep.start" | "resize.revert.start" => (false, true, false),
            "create.end" if failed => continue,
            "create.end" | "rebuild.end" | "rescue.end" => (false, false, true),
            "finish_resize.end" | "resize.revert.end" => (true, false, true),
            _ => continue,
        };
        let key = (text(&payload["instance_id"]), text(&event["_context_request_id"]));
        let row = rows.entry((key.0.unwrap_or_default(), key.1.unwrap_or_default())).or_default();
        let new = facts(payload);
        for (field, value) in new.fields {
            let is_flavor = field.starts_with("instance_");
            let is_kept = is_flavor && !overwrites && row.fields.get(field).is_some_and(Option::is_some);
            if !(is_kept || is_flavor && value.is_none()) {
                row.fields.insert(field, value);
            }
        }
        row.launched_at = match (row.launched_at, new.launched_at) {
            (None, Some(at)) if fills || advances => Some(at),
            (Some(old), Some(at)) if advances => Some(old.max(at)),
            (old, _) => old,
        };
    }
    rows
}

fn facts(payload: &Value) -> Facts {
    let mut fields: BTreeMap<_, _> =
        IMAGE_FIELDS.iter().map(|(field, name)| (*field, text(&payload["image_meta"][name]))).collect();
    fields.insert("tenant", text(&payload["tenant_id"]));
    fields.insert("instance_type_id", text(&payload["instance_type_id"]));
    fields.insert("instance_flavor_id", text(&payload["instance_flavor_id"]));
    Facts { launched_at: time(&payload["launched_at"]), fields }
}

fn by_ledger(
    events: &[&Value],
    launches: &BTreeMap<(String, String), Facts>,
    exists: &Value,
    level: Level,
    flavor: &'static str,
) -> Result<(), String> {
    let own = facts(exists);
    check_fields(&own, exists, level, flavor)?;
    let at = own.launched_at.unwrap_or(Micros(0));
    let of_instance =
        launches.iter().filter(|((instance, _), _)| exists["instance_id"] == *instance.as_str());
    let known: Vec<_> = of_instance.filter_map(|(_, row)| Some((row.launched_at?, row))).collect();
    let near = known.iter().filter(|(launched, _)| (0..=1_000_000).contains(&(launched.0 - at.0)));
    let same: Vec<_> = known.iter().filter(|(launched, _)| second(*launched) == second(at)).collect();
    let launch = match (near.min_by_key(|(launched, _)| *launched), same.as_slice()) {
        (Some(near), _) => near,
        (None, []) => return Err("no InstanceUsage".to_owned()),
        (None, [one]) => one,
        (None, _) => return Err("several InstanceUsage".to_owned()),
    };
    compare(&own, launch.1, flavor, "launches")?;
    check_deletes(events, exists, at)
}

fn check_fields(own: &Facts, exists: &Value, level: Level, flavor: &'static str) -> Result<(), String> {
    let is_import = exists["image_meta"]["image_type"] == "import";
    let basic = ["tenant", flavor];
    let all = ["rax_options", "os_architecture", "os_distro", "os_version"];
    let wanted: &[&[&str]] = match level {
        Level::None => &[],
        Level::Basic => &[&basic],
        Level::All => &[&basic, if is_import { &all[..2] } else { &all }],
    };
    for fields in wanted {
        let value = |field: &str| own.fields[field].clone().unwrap_or_default();
        if let Some(field) = fields.iter().find(|field| value(field).is_empty()) {
            return Err(format!("{field} is empty"));
        }
        for field in *fields {
            let value = value(field);
            let is_valid = match *field {
                "tenant" => value.chars().all(|c| c.is_ascii_hexdigit()),
                "rax_options" => value.parse::<i64>().is_ok(),
                "instance_type_id" | "instance_flavor_id" => true,
                _ => value.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
            };
            if !is_valid {
                return Err(format!("{field} is invalid"));
            }
        }
    }
    Ok(())
}

fn compare(own: &Facts, other: &Facts, flavor: &'static str, side: &str) -> Result<(), String> {
    if own.launched_at.map(second) != other.launched_at.map(second) {
        return Err(format!("launched_at differs from {side}"));
    }
    for field in [flavor, "tenant", "rax_options", "os_architecture", "os_version", "os_distro"] {
        let value = |facts: &Facts| facts.fields.get(field).cloned().flatten();
        if value(own) != value(other) {
            return Err(format!("{field} differs from {side}"));
        }
    }
    Ok(())
}

fn check_deletes(events: &[&Value], exists: &Value, at: Micros) -> Result<(), String> {
    let deletes = events.iter().filter(|event| event["event_type"] == "compute.instance.delete.end");
    let deletes = deletes.filter(|event| event["payload"]["instance_id"] == exists["instance_id"]);
    let deletes: BTreeSet<_> = deletes.map(|event| deleted(&event["payload"])).collect();
    let same: Vec<_> = deletes.iter().filter(|(launched, _)| second(*launched) == second(at)).collect();
    let Some(deleted_at) = time(&exists["deleted_at"]) else {
        let ends = time(&exists["audit_period_ending"]);
        let early = same.iter().any(|(_, deleted)| deleted.is_some() && *deleted <= ends);
        return if early { Err("unexpected InstanceDeletes".to_owned()) } else { Ok(()) };
    };
    let near = deletes.iter().find(|(launched, _)| (0..=1_000_000).contains(&(launched.0 - at.0)));
    let (launched, deleted) = match (near, same.as_slice()) {
        (Some(near), _) => near,
        (None, []) => return Err("no InstanceDeletes".to_owned()),
        (None, [one]) => one,
        (None, _) => return Err("several InstanceDeletes".to_owned()),
    };
    match deleted {
        _ if second(*launched) != second(at) => Err("launched_at differs from deletes".to_owned()),
        Some(deleted) if second(*deleted) == second(deleted_at) => Ok(()),
        _ => Err("deleted_at differs from deletes".to_owned()),
    }
}

fn deleted(payload: &Value) -> (Micros, Option<Micros>) {
    let at = time(&payload["terminated_at"]).or_else(|| time(&payload["deleted_at"]));
    (time(&payload["launched_at"]).unwrap_or(Micros(0)), at)
}

fn by_reports(
    scenario: &Scenario,
    events: &[&Value],
    exists: &Value,
    flavor: &'static str,
) -> Option<Result<(), String>> {
    let own = facts(exists);
    let at = own.launched_at?;
    let of_launch = |report: &&Value| {
        report["instance"] == exists["instance_id"]
            && time(&report["launched_at"]).map(second) == Some(second(at))
    };
    let reports: Vec<_> = scenario.reports.iter().filter(of_launch).collect();
    let report = match reports.as_slice() {
        [] => return None,
        [one] => one,
        _ => return Some(Err("several InstanceReconcile".to_owned())),
    };
    let fields = own.fields.keys().map(|field| (*field, text(&report[*field]))).collect();
    let other = Facts { launched_at: time(&report["launched_at"]), fields };
    Some(compare(&own, &other, flavor, "reconciles").and_then(|()| match time(&report["deleted_at"]) {
        None => check_deletes(events, exists, at),
        deleted if deleted.map(second) == time(&exists["deleted_at"]).map(second) => Ok(()),
        Some(_) => Err("deleted_at differs from reconciles".to_owned()),
    }))
}

fn of_image(events: &[&Value], message: &Value, image: &Value) -> Result<(), String> {
    let first = |event_type: &str| {
        let mut payloads =
            events.iter().filter(|event| event["event_type"] == event_type).map(|event| &event["payload"]);
        payloads.find(|payload| payload["id"] == image["id"])
    };
    let (activation, delete) = (first("image.activate"), first("image.delete"));
    let activation = activation.ok_or("no ImageUsage")?;
    let same_second = |one: &Value, other: &Value| time(one).map(second) == time(other).map(second);
    if !same_second(&image["created_at"], &activation["created_at"]) {
        return Err("created_at differs from launches".to_owned());
    }
    for (field, own) in [("owner", &message["owner"]), ("size", &image["size"])] {
        if *own != activation[field] {
            return Err(format!("{field} differs from launches"));
        }
    }
    if time(&image["deleted_at"]).is_some() {
        let delete = delete.ok_or("no ImageDelete")?;
        if !same_second(&image["deleted_at"], &delete["deleted_at"]) {
            return Err("deleted_at differs from deletes".to_owned());
        }
    } else if delete
        .is_some_and(|delete| time(&delete["deleted_at"]) <= time(&message["audit_period_ending"]))
    {
        return Err("unexpected ImageDelete".to_owned());
    }
    let owner = text(&message["owner"]).ok_or("owner is empty")?;
    let uuid = text(&image["id"]).unwrap_or_default();
    if uuid.len() != 36 {
        return Err("uuid is invalid".to_owned());
    }
    if owner.chars().all(|c| c.is_ascii_hexdigit()) { Ok(()) } else { Err("owner is invalid".to_owned()) }
}

/// Returns the kind of a stored failure reason.
pub fn kind(reason: &str) -> String {
    let field = reason.split('\'').nth(1).unwrap_or_default();
    let word_after = |before: &str| {
        let rest = reason.split_once(before).map_or("", |(_, rest)| rest);
        rest.split(' ').next().unwrap_or_default().to_owned()
    };
    if reason.contains(" differs: exists has ") {
        let side = reason.rsplit(" has ").nth(1).and_then(|rest| rest.rsplit(' ').next()).unwrap_or_default();
        return format!("{field} differs from {side}");
    }
    if reason.ends_with(" is empty") {
        return format!("{field} is empty");
    }
    if reason.contains(", which is not ") {
        return format!("{field} is invalid");
    }
    if reason.contains("exists is not deleted, yet there is ") {
        return format!("unexpected {}", word_after("yet there is "));
    }
    if reason.contains("where one is expected") {
        let words: Vec<_> = reason.split(' ').collect();
        let place = words.iter().position(|word| *word == "are").unwrap_or_default();
        return format!("several {}", words.get(place + 2).unwrap_or(&""));
    }
    format!("no {}", word_after("there is no "))
}
