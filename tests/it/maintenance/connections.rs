//! Connections and statements of reports: as few as possible, and none that lasts.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::platform::id::Ids;
use local::private_postgres::{FOR_TESTS, PrivatePostgres, WORLD};

use super::{CLUSTER, Database, server};

/// What a server has logged about reports.
struct Log {
    file: PathBuf,
    seen: usize,
}

impl Log {
    /// Returns the connections and statements since the last call.
    fn counts(&mut self) -> Result<(usize, usize)> {
        let text = fs::read_to_string(&self.file)?;
        let new = &text[self.seen..];
        self.seen = text.len();
        let of_reports = |line: &&str| line.contains("steward report");
        let lines = || new.lines().filter(of_reports);
        let connections = lines().filter(|line| line.contains("connection authorized: ")).count();
        Ok((connections, lines().filter(|line| line.contains("LOG:  execute ")).count()))
    }
}

#[tokio::test]
async fn a_report_takes_one_statement_per_database_and_at_most_one_connection() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("steward-log-{}", Ids::random().uuid()));
    let logging = ["log_connections=on", "log_statement=all", "log_line_prefix=<%a> "];
    let cluster = PrivatePostgres::start(&folder, &[FOR_TESTS, &logging].concat())?;
    cluster.run("postgres", "CREATE DATABASE world; CREATE DATABASE other")?;
    cluster.run("world", WORLD)?;
    let server = server(&cluster.url("postgres"))?;
    let mut log = Log { file: folder.join("server.log"), seen: 0 };

    // The version of the server is not known before the first connection, which is therefore not kept.
    for connections in [1, 1, 0, 0] {
        server.database_report("world").await?.context("it is there")?;
        assert_eq!(log.counts()?, (connections, 1));
    }
    server.schema_report("world", "public").await?.context("it is there")?;
    assert_eq!(log.counts()?, (0, 1));
    server.table_report("world", "public", "city").await?.context("it is there")?;
    assert_eq!(log.counts()?, (0, 1));
    server.advice("world").await?.context("it is there")?;
    assert_eq!(log.counts()?, (0, 1));

    // The list of databases and each of the three: the session of the list reports on its own database, too.
    assert_eq!(server.instance_report().await?.databases.len(), 3);
    assert_eq!(log.counts()?, (2, 4));
    server.instance_report().await?;
    assert_eq!(log.counts()?, (0, 4));
    drop(cluster);
    Ok(fs::remove_dir_all(&folder)?)
}

#[tokio::test]
async fn a_kept_connection_does_not_keep_a_database_from_being_dropped() -> Result<()> {
    let database = Database::with("CREATE TABLE city (id int PRIMARY KEY)")?;
    for _ in 0..2 {
        database.schema("public").await?;
    }
    let others = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name = 'steward report'
                    AND state = 'idle' AND backend_xmin IS NULL";
    assert_eq!(database.run(others)?, "1");
    CLUSTER.run("postgres", &format!("DROP DATABASE \"{}\"", database.name))?;
    assert_eq!(database.server.schema_report(&database.name, "public").await?, None);
    Ok(())
}

#[tokio::test]
async fn a_connection_that_the_server_ended_is_replaced() -> Result<()> {
    let database = Database::with("CREATE TABLE city (id int PRIMARY KEY)")?;
    for _ in 0..2 {
        database.schema("public").await?;
    }
    let end = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'steward report'";
    assert_eq!(database.run(end)?, "1");
    assert_eq!(super::names(&database.schema("public").await?.tables), ["city"]);
    Ok(())
}

#[tokio::test]
async fn a_report_leaves_no_lasting_connection_and_reads_no_table() -> Result<()> {
    let database = Database::with("CREATE TABLE city (id int PRIMARY KEY)")?;
    let scans = "SELECT seq_scan + idx_scan FROM pg_stat_all_tables WHERE relname = 'city'";
    // Building the index of the key counts as a scan.
    let before = database.run(scans)?;
    database.schema("public").await?;
    database.table("public", "city").await?;
    database.server.advice(&database.name).await?.context("it is there")?;
    // Other tests read all databases of the cluster, but not for long.
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let deadline = Instant::now() + Duration::from_secs(20);
    while database.run(others)? != "0" {
        assert!(Instant::now() < deadline, "connections are left");
        database.run("SELECT pg_sleep(0.2)")?;
    }
    assert_eq!(database.run(scans)?, before, "a report reads no rows of a table");
    Ok(())
}
