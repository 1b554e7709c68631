//! Applications to several servers.

use std::sync::LazyLock;

use anyhow::{Context, Result};
use local::private_mariadb::{FOR_TESTS, PrivateMariadb};
use schemas::apply::request::{ApplyRequest, Targets};
use schemas::record::{ApplyOptions, Changeset, Server, Task, TaskStatus};
use schemas::registry::Registry;
use schemas::servers::Servers;
use tests::TestBundle;

use super::{CREATE_T1, ORDERS, approve, errors, settled, texts};
use crate::schemas::SERVER;
use crate::schemas::site::{SERVER_ID, Site, dba, difference, refused};

/// A second server.
static OTHER: LazyLock<PrivateMariadb> =
    LazyLock::new(|| PrivateMariadb::temporary(FOR_TESTS).expect("a private MariaDB"));

/// Returns a site with a schema on two servers, and an approved changeset.
async fn two(schema: &'static str) -> Result<(Site, Changeset)> {
    let site = Site::new(schema, ORDERS).await?;
    OTHER.run(&format!("CREATE DATABASE {schema}; USE {schema}; {ORDERS}"))?;
    let urls = serde_json::json!([SERVER.url(), OTHER.url()]).to_string();
    let scratch = SERVER.url();
    let settings = [("MARIADB_URLS", urls.as_str()), ("MARIADB_SCRATCH_URL", scratch.as_str())];
    let first = site.registry.require::<Server>(SERVER_ID).await?;
    let bundle = TestBundle::with_settings(settings).await?;
    bundle.advance(difference());
    let registry = Registry::new(&bundle.platform)?;
    let servers = Servers::read(&bundle.platform.variables)?;
    let site = Site { bundle, registry, servers, schema };
    let port = Some(u64::from(OTHER.port()));
    site.put(&first).await?;
    site.put(&Server { id: 2, name: "srv2".to_owned(), port, ..first }).await?;
    site.version().await?;
    let changeset = approve(&site, &[CREATE_T1]).await?;
    Ok((site, changeset))
}

async fn to_both(site: &Site, changeset: &Changeset) -> Result<Task> {
    let targets = Targets::Servers(vec![SERVER_ID, 2]);
    let request = ApplyRequest { changeset: changeset.id, targets, options: ApplyOptions::default() };
    let task = site.registry.request_apply(&request, &dba()).await.map_err(refused)?;
    settled(site, task.id).await
}

async fn statuses(site: &Site, parent: &Task) -> Result<Vec<TaskStatus>> {
    let children = site.registry.find_many::<Task>(&parent.children).await?;
    Ok(children.iter().map(|child| child.status).collect())
}

#[tokio::test]
async fn the_canary_is_applied_before_the_others() -> Result<()> {
    let (site, changeset) = two("ap_both").await?;
    let parent = to_both(&site, &changeset).await?;
    assert_eq!(parent.status, TaskStatus::Done, "{:?}", texts(&parent));
    assert_eq!(statuses(&site, &parent).await?, [TaskStatus::Done, TaskStatus::Done]);
    let children = site.registry.find_many::<Task>(&parent.children).await?;
    assert!(children[0].ended_at <= children[1].started_at);
    assert_eq!(OTHER.run("SHOW TABLES IN ap_both LIKE 't1'")?, "t1");
    let request = ApplyRequest {
        changeset: changeset.id,
        targets: Targets::Servers(vec![2, SERVER_ID]),
        options: ApplyOptions::default(),
    };
    let refusal = site.registry.request_apply(&request, &dba()).await.expect_err("it is applied to both");
    assert_eq!(refusal.text(), "Changeset has been successfully applied already at all of the servers.");
    Ok(())
}

#[tokio::test]
async fn no_other_server_is_changed_after_the_canary_failed() -> Result<()> {
    let (site, changeset) = two("ap_canary").await?;
    SERVER.run("CREATE TABLE ap_canary.stray (id int)")?;
    let parent = to_both(&site, &changeset).await?;
    assert_eq!(parent.status, TaskStatus::Failed);
    assert_eq!(statuses(&site, &parent).await?, [TaskStatus::Failed]);
    assert!(errors(&parent)[0].contains("was not applied at server 'srv1'"), "{:?}", texts(&parent));
    assert_eq!(OTHER.run("SHOW TABLES IN ap_canary LIKE 't1'")?, "");
    Ok(())
}

#[tokio::test]
async fn a_fan_out_that_stopped_is_resumed() -> Result<()> {
    let (site, changeset) = two("ap_resumed").await?;
    OTHER.run("CREATE TABLE ap_resumed.stray (id int)")?;
    let parent = to_both(&site, &changeset).await?;
    assert_eq!(parent.status, TaskStatus::Error);
    assert_eq!(statuses(&site, &parent).await?, [TaskStatus::Done, TaskStatus::Failed]);
    OTHER.run("DROP TABLE ap_resumed.stray")?;
    let resumed = site.registry.resume(&parent.task_id, &dba()).await.map_err(refused)?;
    assert_eq!(resumed.children[0], parent.children[0]);
    let parent = settled(&site, parent.id).await?;
    assert_eq!(parent.status, TaskStatus::Done, "{:?}", texts(&parent));
    assert_eq!(statuses(&site, &parent).await?, [TaskStatus::Done, TaskStatus::Done]);
    parent.ended_at.context("it has ended")?;
    Ok(())
}
