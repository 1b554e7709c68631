//! Versions of schemas that are dumped from a server.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use schemas::record::{DatabaseSchema, SchemaVersion, Server};
use schemas::refusal::Refusal;

use super::SERVER;
use super::site::{SERVER_ID, Site, dba, developer, refused};

const TABLE: &str =
    "CREATE TABLE t01 (id int PRIMARY KEY AUTO_INCREMENT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;";

#[tokio::test]
async fn a_structure_is_stored_once() -> Result<()> {
    let site = Site::new("vs_once", TABLE).await?;
    let first = site.version().await?;
    site.bundle.advance(TimeDelta::minutes(5));
    SERVER.run("INSERT INTO vs_once.t01 VALUES (NULL), (NULL)")?;
    let again = site.version().await?;
    assert_eq!((again.id, again.created_at), (first.id, first.created_at), "rows and counters do not count");
    assert_eq!(again.pulled_from, Some(SERVER_ID));
    assert_eq!(again.pull_datetime, Some(site.registry.now()));
    assert!(again.updated_at > first.updated_at);

    SERVER.run("ALTER TABLE vs_once.t01 ADD a int")?;
    let second = site.version().await?;
    assert_ne!((second.id, &second.checksum), (first.id, &first.checksum));
    assert_eq!(second.database_schema, first.database_schema);
    assert_eq!(site.registry.latest_version(first.database_schema).await?, Some(second.clone()));
    SERVER.run("ALTER TABLE vs_once.t01 DROP a")?;
    site.bundle.advance(TimeDelta::minutes(5));
    let third = site.version().await?;
    assert_eq!(third.id, first.id);
    assert_eq!(site.registry.latest_version(first.database_schema).await?, Some(third), "it was dumped last");

    let ddl = site.registry.ddl(second.id).await?.context("the text")?;
    assert!(
        ddl.starts_with("CREATE TABLE `t01` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `a` int(11)"),
        "{ddl}"
    );
    assert_eq!(site.registry.ddl(999).await?, None);
    let events: Vec<_> = site.published().await?.iter().map(|event| event["event"].clone()).collect();
    assert_eq!(events, ["schemas.schema_version_generated"; 4]);
    Ok(())
}

#[tokio::test]
async fn an_empty_schema_has_the_documented_checksum() -> Result<()> {
    let site = Site::new("vs_empty", "").await?;
    let version = site.registry.save_schema_dump(SERVER_ID, site.schema, &site.servers, &developer()).await;
    let version = version.map_err(refused)?;
    assert_eq!(version.checksum, "0".repeat(32));
    assert_eq!(site.registry.ddl(version.id).await?.as_deref(), Some(""));
    let schema =
        site.registry.find::<DatabaseSchema>(version.database_schema).await?.context("the schema")?;
    assert_eq!(schema.name, "vs_empty");
    Ok(())
}

#[tokio::test]
async fn a_dump_that_fails_stores_nothing() -> Result<()> {
    let site = Site::new("vs_failing", TABLE).await?;
    let server = site.registry.find::<Server>(SERVER_ID).await?.context("the server")?;
    site.put(&Server { id: 2, name: "other".to_owned(), hostname: "192.0.2.1".to_owned(), ..server }).await?;
    let dump = async |server, name: &str| {
        let dumped = site.registry.save_schema_dump(server, name, &site.servers, &dba()).await;
        dumped.expect_err("nothing is dumped")
    };
    let missing = dump(99, site.schema).await;
    let text = "Server matching query does not exist. Lookup parameters were {'pk': 99}";
    assert!(matches!(&missing, Refusal::NotFound(found) if found == text), "{missing:?}");
    let unknown = dump(SERVER_ID, "vs_nothing").await;
    let text = "(1049, \"Unknown database 'vs_nothing'\")";
    assert!(matches!(&unknown, Refusal::NotFound(found) if found == text), "{unknown:?}");
    let elsewhere = dump(2, site.schema).await;
    assert!(matches!(elsewhere, Refusal::WrongState { .. }), "it has no credentials: {elsewhere:?}");
    for name in ["mysql", "Information_Schema", "", "a\0b"] {
        assert!(matches!(dump(SERVER_ID, name).await, Refusal::Malformed(_)), "{name}");
    }
    assert!(site.registry.find_all::<SchemaVersion>().await?.is_empty());
    assert!(site.registry.find_all::<DatabaseSchema>().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn concurrent_dumps_make_one_version() -> Result<()> {
    let site = Site::new("vs_concurrent", TABLE).await?;
    let dumps = futures::future::join_all((0..8).map(|_| site.version())).await;
    let ids = dumps.into_iter().map(|dump| Ok(dump?.id)).collect::<Result<Vec<_>>>()?;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(site.registry.find_all::<SchemaVersion>().await?.len(), 1);
    assert_eq!(site.registry.find_all::<DatabaseSchema>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn two_versions_differ_by_object_and_as_text() -> Result<()> {
    let site = Site::new("vs_difference", TABLE).await?;
    let before = site.version().await?;
    SERVER.run("USE vs_difference; ALTER TABLE t01 ADD a int; CREATE TABLE t02 (id int PRIMARY KEY)")?;
    let after = site.version().await?;
    let difference = site.registry.version_difference(before.id, after.id).await.map_err(refused)?;
    assert!(difference.text.contains("\n+  `a` int(11) DEFAULT NULL,\n"), "{}", difference.text);
    assert_eq!(
        difference.changes.added.iter().map(|object| object.name.as_str()).collect::<Vec<_>>(),
        ["t02"]
    );
    assert_eq!(difference.changes.changed[0].columns.added[0].name, "a");
    let same = site.registry.version_difference(after.id, after.id).await.map_err(refused)?;
    assert!(same.text.is_empty() && same.changes.is_empty());
    let missing = site.registry.version_difference(before.id, 999).await.expect_err("no version");
    assert!(matches!(missing, Refusal::NotFound(_)), "{missing:?}");
    Ok(())
}
