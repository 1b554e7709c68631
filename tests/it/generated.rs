//! Four days of notifications, right and wrong in every way, end as worked out by hand.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use chrono::TimeDelta;
use domain::notification::service::Service;
use domain::usage::verdict::{FlavorField, Level};
use serde_json::{Value, json};
use tests::TestBundle;
use tests::generate::World;
use tests::generate::expect::{self, Expected, Verdicts};
use tests::snapshot::Snapshot;

/// Records a world, repairs what it repairs, and lets everything come due.
async fn live(bundle: &TestBundle, world: &World) -> Result<()> {
    bundle.tick().await?;
    bundle.record(&json!(world.notifications)).await?;
    for report in &world.reports {
        bundle.usage.reconcile(report.as_object().expect("a report is an object")).await?;
    }
    for (service, ids) in [(Service::Nova, &world.repaired), (Service::Glance, &world.repaired_images)] {
        let repaired = bundle.usage.repair(service, ids).await?;
        assert_eq!(repaired, domain::usage::repairing::Unrepaired::default(), "all are pending");
    }
    for _ in 0..6 {
        bundle.advance(TimeDelta::minutes(1));
        bundle.tick().await?;
    }
    Ok(())
}

fn found(snapshot: &Snapshot) -> Verdicts {
    let rows = ["instance exists", "image exists"].into_iter().filter_map(|kind| snapshot.get(kind));
    let verdict = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let statuses = ["verified", "reconciled", "failed", "sent_failed"];
        let status = statuses.into_iter().find(|status| row["st"] == **status).unwrap_or("unfinished");
        let uuid = if row["in"].is_null() { text("uu") } else { text("in") };
        ((text("mi"), uuid), Expected { status, reason: row["fr"].as_str().map(expect::kind) })
    };
    rows.flat_map(|rows| rows.values()).map(verdict).collect()
}

fn hours(snapshot: &Snapshot) -> BTreeMap<(String, i64), BTreeMap<String, Value>> {
    let counts = snapshot["hour"].iter().map(|(key, counts)| {
        let (service, hour) = key.trim_start_matches("K#ev#").split_once(' ').expect("a service and an hour");
        let hour =
            domain::storage::key::hour_of(&BTreeMap::from([("sk".to_owned(), format!("{hour}#0").into())]));
        let hour = hour.expect("it is one");
        ((service.to_owned(), hour), serde_json::from_value(counts.clone()).expect("an object"))
    });
    counts.collect()
}

#[tokio::test]
async fn every_verdict_is_the_one_worked_out_by_hand_at_every_level_and_for_both_flavor_fields() -> Result<()>
{
    let mut seed = 0;
    for level_name in ["none", "basic", "all"] {
        for flavor_name in ["instance_type_id", "instance_flavor_id"] {
            let (level, flavor): (Level, FlavorField) =
                (level_name.parse().expect("a level"), flavor_name.parse().expect("a field"));
            let bundle =
                TestBundle::with([("VERIFY_LEVEL", level_name), ("VERIFY_FLAVOR_FIELD", flavor_name)]);
            let (bundle, world) = (bundle.await?, World::complete(seed));
            live(&bundle, &world).await?;
            let (snapshot, expected) = (bundle.snapshot().await?, expect::verdicts(&world, level, flavor));
            assert_eq!(found(&snapshot), expected, "level {level:?}, {flavor:?}");

            let published = bundle.verified().await?;
            let ids: BTreeSet<_> =
                published.iter().map(|message| message["message_id"].to_string()).collect();
            let originals: BTreeSet<_> = published
                .iter()
                .map(|message| message["original_message_id"].as_str().unwrap_or_default().to_owned())
                .collect();
            let announced = expect::announced(&world, &expected);
            assert_eq!(
                (ids.len(), published.len(), &originals),
                (announced.len(), announced.len(), &announced)
            );
            assert_eq!(hours(&snapshot), expect::hours(&world, &announced));
            let others = snapshot["raw"].keys().filter(|name| !name.contains(".verified ")).count();
            assert_eq!(others, world.notifications.len());
            for kind in ["due", "outbox", "open block", "rejected"] {
                assert!(!snapshot.contains_key(kind), "{kind}: {:?}", snapshot[kind]);
            }
            seed += 1;
        }
    }
    Ok(())
}

#[test]
fn the_generated_world_is_wrong_in_every_way_that_it_means_to_be() {
    for seed in 0..20 {
        let world = World::complete(seed);
        let expected = expect::verdicts(&world, Level::All, FlavorField::InstanceTypeId);
        for (exists, meant) in &world.meant {
            let Expected { status, reason } = &expected[exists];
            match *meant {
                "" => assert_eq!((*status, reason), ("verified", &None), "{exists:?}"),
                "reconciled" => assert_eq!((*status, reason), ("reconciled", &None), "{exists:?}"),
                meant => {
                    let (failed, meant) =
                        meant.strip_prefix("sent: ").map_or(("failed", meant), |m| ("sent_failed", m));
                    assert_eq!((*status, reason.as_deref()), (failed, Some(meant)), "{exists:?}");
                }
            }
        }
        assert_eq!(world.meant.len(), expected.len());
    }
}
