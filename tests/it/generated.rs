//! Generated scenarios with every possible mistake: verdicts, announcements and counters match those of the oracle.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use chrono::TimeDelta;
use domain::notification::service::Service;
use domain::time::Hour;
use domain::usage::verdict::{FlavorField, Level};
use serde_json::{Value, json};
use tests::TestBundle;
use tests::generate::Scenario;
use tests::generate::oracle::{self, Expected, Verdicts};
use tests::stored_state::StoredState;

/// Ticks after which everything in a scenario is verified.
const TICKS: usize = 6;
/// Seeds of the scenarios whose mistakes are checked.
const SEEDS: u64 = 20;

/// Records a scenario, sends its audit reports and repairs, and lets everything become due.
async fn run(bundle: &TestBundle, scenario: &Scenario) -> Result<()> {
    bundle.tick().await?;
    bundle.record(&json!(scenario.notifications)).await?;
    for report in &scenario.reports {
        bundle.usage.reconcile(report.as_object().expect("a report is an object")).await?;
    }
    for (service, ids) in [(Service::Nova, &scenario.repaired), (Service::Glance, &scenario.repaired_images)]
    {
        let repaired = bundle.usage.repair(service, ids).await?;
        assert_eq!(repaired, domain::usage::repairing::Unrepaired::default(), "all exists are pending");
    }
    for _ in 0..TICKS {
        bundle.advance(TimeDelta::minutes(1));
        bundle.tick().await?;
    }
    Ok(())
}

/// Returns the stored verdicts.
fn verdicts(stored: &StoredState) -> Verdicts {
    let rows = ["instance exists", "image exists"].into_iter().filter_map(|kind| stored.get(kind));
    let verdict = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let statuses = ["verified", "reconciled", "failed", "sent_failed"];
        let status = statuses.into_iter().find(|status| row["st"] == **status).unwrap_or("unfinished");
        let uuid = if row["in"].is_null() { text("uu") } else { text("in") };
        ((text("mi"), uuid), Expected { status, reason: row["fr"].as_str().map(oracle::kind) })
    };
    rows.flat_map(|rows| rows.values()).map(verdict).collect()
}

/// Returns the stored hour counters.
fn hours(stored: &StoredState) -> BTreeMap<(String, Hour), BTreeMap<String, Value>> {
    let counts = stored["hour"].iter().map(|(key, counts)| {
        let (service, hour) = key.trim_start_matches("K#ev#").split_once(' ').expect("a service and an hour");
        let hour =
            domain::storage::key::hour_of(&BTreeMap::from([("sk".to_owned(), format!("{hour}#0").into())]));
        let hour = hour.expect("an hour");
        ((service.to_owned(), hour), serde_json::from_value(counts.clone()).expect("an object"))
    });
    counts.collect()
}

#[tokio::test]
async fn verdicts_match_the_oracle_at_every_level_and_for_both_flavor_fields() -> Result<()> {
    let mut seed = 0;
    for level_name in ["none", "basic", "all"] {
        for flavor_name in ["instance_type_id", "instance_flavor_id"] {
            let (level, flavor): (Level, FlavorField) =
                (level_name.parse().expect("a level"), flavor_name.parse().expect("a field"));
            let bundle = TestBundle::with_settings([
                ("VERIFY_LEVEL", level_name),
                ("VERIFY_FLAVOR_FIELD", flavor_name),
            ]);
            let (bundle, scenario) = (bundle.await?, Scenario::complete(seed));
            run(&bundle, &scenario).await?;
            let (stored, expected) =
                (bundle.stored_state().await?, oracle::verdicts(&scenario, level, flavor));
            assert_eq!(verdicts(&stored), expected, "level {level:?}, {flavor:?}");

            let published = bundle.verified().await?;
            let ids: BTreeSet<_> =
                published.iter().map(|message| message["message_id"].to_string()).collect();
            let originals: BTreeSet<_> = published
                .iter()
                .map(|message| message["original_message_id"].as_str().unwrap_or_default().to_owned())
                .collect();
            let announced = oracle::announced(&scenario, &expected);
            assert_eq!(
                (ids.len(), published.len(), &originals),
                (announced.len(), announced.len(), &announced)
            );
            assert_eq!(hours(&stored), oracle::hours(&scenario, &announced));
            let notifications = stored["raw"].keys().filter(|name| !name.contains(".verified ")).count();
            assert_eq!(notifications, scenario.notifications.len());
            for kind in ["due", "outbox", "open block", "rejected"] {
                assert!(!stored.contains_key(kind), "{kind}: {:?}", stored[kind]);
            }
            seed += 1;
        }
    }
    Ok(())
}

#[test]
fn generated_scenarios_fail_for_their_intended_reasons() {
    for seed in 0..SEEDS {
        let scenario = Scenario::complete(seed);
        let expected = oracle::verdicts(&scenario, Level::All, FlavorField::InstanceTypeId);
        for (exists, intended) in &scenario.intended {
            let Expected { status, reason } = &expected[exists];
            match *intended {
                "" => assert_eq!((*status, reason), ("verified", &None), "{exists:?}"),
                "reconciled" => assert_eq!((*status, reason), ("reconciled", &None), "{exists:?}"),
                intended => {
                    let repaired = intended.strip_prefix("sent: ");
                    let (failed, intended) =
                        repaired.map_or(("failed", intended), |reason| ("sent_failed", reason));
                    assert_eq!((*status, reason.as_deref()), (failed, Some(intended)), "{exists:?}");
                }
            }
        }
        assert_eq!(scenario.intended.len(), expected.len());
    }
}
