//! Generates notifications about images, and the mistakes in a message that lists them.

use domain::time::Micros;
use serde_json::{Value, json};

use super::{Scenario, day};
use crate::rng::Rng;

/// One image of a message, and the other notifications about it.
pub(super) struct Case {
    /// The payload of its activation.
    activation: Value,
    activations: usize,
    /// Its entry in the message's list.
    listed: Value,
    /// The deletion time in each delete.
    deletes: Vec<Micros>,
    /// The owner in the message, if it differs from that of the activations.
    owner: Option<Value>,
    created_at: Micros,
    ends: Micros,
    repaired: bool,
}

/// A variant: the reason for which it must fail, and how it is made.
type Variant = (&'static str, fn(&mut Case));

/// All variants, valid ones first. Tests refer to them by index.
pub(super) const VARIANTS: &[Variant] = &[
    ("", |_| {}),
    ("", |case| case.delete()),
    ("", |case| case.deletes = vec![case.ends.plus_seconds(3_600)]),
    ("", |case| case.activations = 2),
    ("", |case| case.repaired = true),
    ("no ImageUsage", |case| case.activations = 0),
    ("created_at differs from launches", |case| {
        case.listed["created_at"] = json!(case.created_at.plus_seconds(1).to_string());
    }),
    ("owner differs from launches", |case| case.owner = Some(json!("99"))),
    ("size differs from launches", |case| case.listed["size"] = json!(1)),
    ("no ImageDelete", |case| {
        case.delete();
        case.deletes.clear();
    }),
    ("deleted_at differs from deletes", |case| {
        case.delete();
        case.deletes[0] = case.ends;
    }),
    ("unexpected ImageDelete", |case| {
        case.delete();
        case.listed["deleted_at"] = json!(null);
    }),
    ("owner is empty", |case| {
        case.activation["owner"] = json!(null);
        case.owner = Some(json!(null));
    }),
    ("owner is invalid", |case| {
        case.activation["owner"] = json!("58-53");
        case.owner = Some(json!("58-53"));
    }),
    ("uuid is invalid", |case| {
        let uuid = case.listed["id"].as_str().unwrap_or_default().replace('-', "");
        case.listed["id"] = json!(uuid);
        case.activation["id"] = json!(uuid);
    }),
    ("sent: size differs from launches", |case| {
        case.listed["size"] = json!(1);
        case.repaired = true;
    }),
];

impl Case {
    fn new(scenario: &mut Scenario, rng: &mut Rng, owner: &str, begins: Micros) -> Self {
        let created_at = Micros(begins.0 + rng.between(3_600, 43_200) * 1_000_000 + 500_000);
        let (uuid, size) = (scenario.names.uuid(), rng.between(2, 1 << 40));
        Self {
            activation: json!({
                "id": uuid, "owner": owner, "size": size, "created_at": created_at.to_string(), "status": "active",
            }),
            activations: 1,
            listed: json!({"id": uuid, "size": size, "created_at": created_at.to_string(), "deleted_at": null}),
            deletes: Vec::new(),
            owner: None,
            created_at,
            ends: begins.plus_seconds(86_399),
            repaired: false,
        }
    }

    fn delete(&mut self) {
        let deleted_at = self.created_at.plus_seconds(7_200);
        self.listed["deleted_at"] = json!(deleted_at.to_string());
        self.deletes = vec![deleted_at];
    }
}

/// Adds one image of this variant, up to two valid ones, and the message that lists them all.
pub(super) fn add(scenario: &mut Scenario, rng: &mut Rng, variant: usize) {
    let (intended, change) = VARIANTS[variant];
    let owner = rng.between(5_850_000, 5_899_999).to_string();
    let begins = day(rng.between(1, 4));
    let mut first = Case::new(scenario, rng, &owner, begins);
    change(&mut first);
    let mut cases = vec![(intended, first)];
    if cases[0].1.owner.is_none() {
        cases.extend((0..rng.below(3)).map(|_| ("", Case::new(scenario, rng, &owner, begins))));
    }
    for (_, case) in &cases {
        add_image(scenario, case);
    }
    let case = &cases[0].1;
    let listed: Vec<_> = cases.iter().map(|(_, case)| case.listed.clone()).collect();
    let payload = json!({
        "owner": case.owner.clone().unwrap_or(json!(owner)), "images": listed,
        "audit_period_beginning": begins.to_string(), "audit_period_ending": case.ends.to_string(),
    });
    let message_id = scenario.notify("image.exists", case.ends.plus_seconds(3), "", payload);
    for (intended, case) in &cases {
        let uuid = case.listed["id"].as_str().unwrap_or_default().to_owned();
        scenario.intended.insert((message_id.clone(), uuid), intended);
    }
    if case.repaired {
        scenario.repaired_images.push(message_id);
    }
}

fn add_image(scenario: &mut Scenario, case: &Case) {
    let at = case.created_at;
    scenario.notify("image.upload", at.plus_seconds(-2), "", json!("started"));
    for number in 0..case.activations {
        let mut activation = case.activation.clone();
        if number > 0 {
            activation["size"] = json!(0);
        }
        let later = i64::try_from(number).unwrap_or_default();
        scenario.notify("image.activate", at.plus_seconds(3 + later), "", activation);
    }
    for deleted_at in &case.deletes {
        let payload =
            json!({"id": case.listed["id"], "deleted_at": deleted_at.to_string(), "status": "deleted"});
        scenario.notify("image.delete", deleted_at.plus_seconds(2), "", payload);
    }
}
