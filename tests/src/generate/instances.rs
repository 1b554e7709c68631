//! Generates the life of an instance, and the mistakes in an exists of it.

use domain::time::Micros;
use serde_json::{Value, json};

use super::{Scenario, day};
use crate::rng::Rng;

const ARCHITECTURE: &str = "org.openstack__1__architecture";
const DISTRO: &str = "org.openstack__1__os_distro";
const VERSION: &str = "org.openstack__1__os_version";
const OPTIONS: &str = "com.rackspace__1__options";

/// One instance and the exists of its last day.
pub(super) struct Case {
    /// The payload of the notifications about its launch.
    launch: Value,
    /// The payload of the exists.
    exists: Value,
    /// The launch time in the exists.
    launched_at: Micros,
    /// Microseconds from `launched_at` to the launch time of each launch.
    launches: Vec<i64>,
    /// Microseconds from `launched_at` to the launch time in each delete, and its deletion time.
    deletes: Vec<(i64, Micros)>,
    /// The end of the audit period.
    ends: Micros,
    reports: Vec<Value>,
    repaired: bool,
}

/// A variant: the reason for which it must fail at level `all` with the flavor field `instance_type_id`, and how it is
/// made.
type Variant = (&'static str, fn(&mut Case));

/// All variants, valid ones first. Tests refer to them by index.
pub(super) const VARIANTS: &[Variant] = &[
    ("", |_| {}),
    ("", |case| case.delete(0)),
    ("", |case| case.launches = vec![1_000_000 - case.fraction() - 1]),
    ("", |case| case.deletes = vec![(0, case.ends.plus_seconds(3_600))]),
    ("", |case| {
        case.both(|payload| {
            payload["image_meta"] = json!({"image_type": "import", ARCHITECTURE: "x64", OPTIONS: "0"});
        });
    }),
    ("", |case| case.repaired = true),
    ("tenant is empty", |case| case.both(|payload| payload["tenant_id"] = json!(""))),
    ("tenant is empty", |case| case.exists["tenant_id"] = Value::Null),
    ("tenant is invalid", |case| case.both(|payload| payload["tenant_id"] = json!("58-535"))),
    ("instance_type_id is empty", |case| case.exists["instance_type_id"] = Value::Null),
    ("", |case| case.exists["instance_flavor_id"] = Value::Null),
    ("rax_options is empty", |case| case.image(OPTIONS, "")),
    ("os_architecture is empty", |case| case.image(ARCHITECTURE, "")),
    ("os_distro is empty", |case| case.image(DISTRO, "")),
    ("os_version is empty", |case| case.image(VERSION, "")),
    ("rax_options is invalid", |case| case.image(OPTIONS, "many")),
    ("os_architecture is invalid", |case| case.image(ARCHITECTURE, "x 64")),
    ("os_distro is invalid", |case| case.image(DISTRO, "org/centos")),
    ("os_version is invalid", |case| case.image(VERSION, "5:8")),
    ("no InstanceUsage", |case| case.launches.clear()),
    ("several InstanceUsage", |case| case.launches = vec![-200_000, -100_000]),
    ("launched_at differs from launches", |case| case.launches = vec![1_000_000]),
    ("instance_type_id differs from launches", |case| case.exists["instance_type_id"] = json!(99)),
    ("", |case| case.exists["instance_flavor_id"] = json!("99")),
    ("tenant differs from launches", |case| case.exists["tenant_id"] = json!("99")),
    ("rax_options differs from launches", |case| case.exists["image_meta"][OPTIONS] = json!("99")),
    ("os_architecture differs from launches", |case| case.exists["image_meta"][ARCHITECTURE] = json!("arm")),
    ("os_version differs from launches", |case| case.exists["image_meta"][VERSION] = json!("6.4")),
    ("os_distro differs from launches", |case| case.exists["image_meta"][DISTRO] = json!("org.debian")),
    ("no InstanceDeletes", |case| {
        case.delete(0);
        case.deletes.clear();
    }),
    ("several InstanceDeletes", |case| {
        case.delete(-100_000);
        case.delete_again();
    }),
    ("unexpected InstanceDeletes", |case| {
        case.delete(0);
        case.exists["deleted_at"] = json!("");
    }),
    ("launched_at differs from deletes", |case| case.delete(1_000_000)),
    ("deleted_at differs from deletes", |case| {
        case.delete(0);
        case.deletes[0].1 = case.ends;
    }),
    ("sent: tenant differs from launches", |case| {
        case.exists["tenant_id"] = json!("99");
        case.repaired = true;
    }),
    ("reconciled", |case| {
        case.exists["tenant_id"] = json!("99");
        case.report("", json!(null));
    }),
    ("reconciled", |case| {
        case.launches.clear();
        case.repaired = true;
        case.report("", json!(null));
    }),
    ("reconciled", |case| {
        case.delete(0);
        case.deletes.clear();
        let deleted_at = case.exists["deleted_at"].clone();
        case.report("deleted_at", deleted_at);
    }),
    ("several InstanceReconcile", |case| {
        case.launches.clear();
        case.report("", json!(null));
        case.report("source", json!("another"));
    }),
    ("instance_type_id differs from reconciles", |case| case.wrong_report("instance_type_id", json!(99))),
    ("reconciled", |case| case.wrong_report("instance_flavor_id", json!("99"))),
    ("tenant differs from reconciles", |case| case.wrong_report("tenant", json!("99"))),
    ("rax_options differs from reconciles", |case| case.wrong_report("rax_options", json!("99"))),
    ("os_architecture differs from reconciles", |case| case.wrong_report("os_architecture", json!("arm"))),
    ("os_version differs from reconciles", |case| case.wrong_report("os_version", json!("6.4"))),
    ("os_distro differs from reconciles", |case| case.wrong_report("os_distro", json!("org.debian"))),
    ("deleted_at differs from reconciles", |case| {
        case.wrong_report("deleted_at", json!("2035-01-01 00:00:01"));
    }),
    ("unexpected InstanceDeletes", |case| {
        case.delete(0);
        case.exists["deleted_at"] = json!("");
        case.wrong_report("source", json!("says nothing of a delete"));
    }),
];

impl Case {
    fn new(scenario: &mut Scenario, rng: &mut Rng) -> Self {
        let begins = day(rng.between(2, 4));
        let launched_at = Micros(begins.0 + rng.between(3_600, 43_200) * 1_000_000 + 500_000);
        let payload = json!({
            "instance_id": scenario.names.uuid(), "tenant_id": rng.between(5_850_000, 5_899_999).to_string(),
            "instance_type_id": rng.between(2, 8), "instance_flavor_id": rng.pick(&["performance1-4", "2", "io1-15"]),
            "state": "active", "deleted_at": "", "image_meta": {
                "image_type": rng.pick(&["base", "snapshot"]), ARCHITECTURE: rng.pick(&["x64", "x86_64"]),
                DISTRO: rng.pick(&["org.centos", "com.ubuntu"]), VERSION: rng.pick(&["5.8", "12.04"]), OPTIONS: "0",
            },
        });
        Self {
            launch: payload.clone(),
            exists: payload,
            launched_at,
            launches: vec![0],
            deletes: Vec::new(),
            ends: begins.plus_seconds(86_399),
            reports: Vec::new(),
            repaired: false,
        }
    }

    fn fraction(&self) -> i64 {
        self.launched_at.0 - self.launched_at.whole_second().0
    }

    fn both(&mut self, change: fn(&mut Value)) {
        change(&mut self.launch);
        change(&mut self.exists);
    }

    fn image(&mut self, field: &str, value: &str) {
        self.launch["image_meta"][field] = json!(value);
        self.exists["image_meta"][field] = json!(value);
    }

    /// Deletes the instance; the delete names a launch that is `later` microseconds later.
    fn delete(&mut self, later: i64) {
        let deleted_at = self.launched_at.plus_seconds(7_200);
        self.exists["deleted_at"] = json!(deleted_at.to_string());
        self.deletes = vec![(later, deleted_at)];
    }

    fn delete_again(&mut self) {
        let (later, deleted_at) = self.deletes[0];
        self.deletes.push((later, deleted_at.plus_seconds(1)));
    }

    /// Adds an audit report that agrees with the exists except in one field.
    fn report(&mut self, field: &str, value: Value) {
        let (exists, image) = (&self.exists, &self.exists["image_meta"]);
        let mut report = json!({
            "instance": exists["instance_id"], "launched_at": self.launched_at.to_string(), "deleted_at": null,
            "instance_type_id": exists["instance_type_id"], "instance_flavor_id": exists["instance_flavor_id"],
            "tenant": exists["tenant_id"], "os_architecture": image[ARCHITECTURE], "os_distro": image[DISTRO],
            "os_version": image[VERSION], "rax_options": image[OPTIONS], "source": "audit",
        });
        if !field.is_empty() {
            report[field] = value;
        }
        self.reports.push(report);
    }

    fn wrong_report(&mut self, field: &str, value: Value) {
        self.launches.clear();
        self.report(field, value);
    }
}

/// Adds the life of an instance of this variant.
pub(super) fn add(scenario: &mut Scenario, rng: &mut Rng, variant: usize) {
    let (intended, change) = VARIANTS[variant];
    let mut case = Case::new(scenario, rng);
    change(&mut case);
    if !case.launches.is_empty() && rng.percent(50) {
        add_earlier_launch(scenario, rng, &case);
    }
    for (place, later) in case.launches.iter().enumerate() {
        add_launch(scenario, rng, &case, Micros(case.launched_at.0 + later), place);
    }
    for (later, deleted_at) in &case.deletes {
        let mut payload = case.launch.clone();
        payload["launched_at"] = json!(Micros(case.launched_at.0 + later).to_string());
        payload["deleted_at"] = json!(deleted_at.plus_seconds(1).to_string());
        payload["terminated_at"] = json!(deleted_at.to_string());
        scenario.notify("compute.instance.delete.start", *deleted_at, "req-delete", payload.clone());
        scenario.notify("compute.instance.delete.end", deleted_at.plus_seconds(1), "req-delete", payload);
    }
    let mut exists = case.exists.clone();
    exists["launched_at"] = json!(case.launched_at.to_string());
    let message_id = add_exists(scenario, rng, exists, case.ends);
    scenario.reports.extend(case.reports);
    let uuid = case.exists["instance_id"].as_str().unwrap_or_default().to_owned();
    scenario.intended.insert((message_id.clone(), uuid), intended);
    if case.repaired {
        scenario.repaired.push(message_id);
    }
}

fn add_exists(scenario: &mut Scenario, rng: &mut Rng, mut payload: Value, ends: Micros) -> String {
    payload["audit_period_beginning"] = json!(ends.plus_seconds(-86_399).to_string());
    payload["audit_period_ending"] = json!(ends.to_string());
    payload["bandwidth"] = json!({"public": {"bw_in": 1, "bw_out": rng.between(0, 1 << 40)}});
    scenario.notify("compute.instance.exists", ends.plus_seconds(7), "req-audit", payload)
}

/// Adds the creation of a smaller instance a day before the launch in the exists, and a valid exists of that day.
fn add_earlier_launch(scenario: &mut Scenario, rng: &mut Rng, case: &Case) {
    let mut earlier = case.launch.clone();
    earlier["instance_type_id"] = json!(1);
    earlier["tenant_id"] = json!("1");
    earlier["image_meta"] =
        json!({"image_type": "base", ARCHITECTURE: "x64", DISTRO: "a", VERSION: "1", OPTIONS: "0"});
    let at = case.launched_at.plus_seconds(-86_400);
    earlier["launched_at"] = json!("");
    scenario.notify("compute.instance.create.start", at.plus_seconds(-9), "req-create", earlier.clone());
    earlier["launched_at"] = json!(at.to_string());
    earlier["message"] = json!("Success");
    scenario.notify("compute.instance.create.end", at, "req-create", earlier.clone());
    let uuid = earlier["instance_id"].as_str().unwrap_or_default().to_owned();
    let message_id = add_exists(scenario, rng, earlier, case.ends.plus_seconds(-86_400));
    scenario.intended.insert((message_id, uuid), "");
}

/// Adds a launch by one of the operations that launch an instance. The start notifications name another tenant and an
/// earlier launch time, and a resize the smaller flavor; the end notification has the final values.
fn add_launch(scenario: &mut Scenario, rng: &mut Rng, case: &Case, launched_at: Micros, place: usize) {
    let request = format!("req-{}", scenario.names.uuid());
    let mut early = case.launch.clone();
    early["tenant_id"] = json!("2");
    early["launched_at"] = json!(launched_at.plus_seconds(-3_600).to_string());
    let mut last = case.launch.clone();
    last["launched_at"] = json!(launched_at.to_string());
    scenario.notify("compute.instance.update", launched_at.plus_seconds(-40), &request, early.clone());
    let events: &[&str] = match if place > 0 { 0 } else { rng.below(4) } {
        0 => &["create.start", "create.end"],
        1 => &["resize.prep.start", "resize.prep.end", "finish_resize.start", "finish_resize.end"],
        2 => &["rebuild.start", "rebuild.end"],
        _ => &["rescue.start", "rescue.end"],
    };
    for (step, event) in (0_i64..).zip(events) {
        let is_last = event.rsplit('.').next() == Some("end") && *event != "resize.prep.end";
        let at = if is_last { launched_at.plus_seconds(1) } else { launched_at.plus_seconds(step - 30) };
        let mut payload = if is_last { last.clone() } else { early.clone() };
        if event.starts_with("resize.prep") {
            payload["instance_type_id"] = json!(1);
        }
        scenario.notify(&format!("compute.instance.{event}"), at, &request, payload);
    }
}
