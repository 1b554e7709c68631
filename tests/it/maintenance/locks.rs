//! Reports on relations that somebody has locked.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use local::private_postgres::WORLD;
use maintenance::report::schema::{SchemaReport, TableEntry};

use super::{CLUSTER, Database, entry, index};

/// A connection with an open transaction. It ends when it is dropped.
struct Transaction {
    psql: Child,
    answers: BufReader<ChildStdout>,
}

impl Transaction {
    /// Begins a transaction and waits until its statement is done.
    fn holding(database: &Database, statement: &str) -> Result<Self> {
        let mut psql = CLUSTER.psql(&database.name).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let answers = BufReader::new(psql.stdout.take().context("psql has an output")?);
        let mut transaction = Self { psql, answers };
        transaction.send(&format!("BEGIN; {statement};"))?;
        transaction.wait()?;
        Ok(transaction)
    }

    fn send(&mut self, statement: &str) -> Result<()> {
        let input = self.psql.stdin.as_mut().context("psql has an input")?;
        writeln!(input, "{statement}\n\\echo done")?;
        Ok(input.flush()?)
    }

    fn wait(&mut self) -> Result<()> {
        let mut line = String::new();
        while line.trim() != "done" {
            line.clear();
            anyhow::ensure!(self.answers.read_line(&mut line)? > 0, "psql ended");
        }
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}

#[tokio::test]
async fn a_locked_table_has_nulls_and_the_others_have_their_sizes() -> Result<()> {
    let world = Database::with(WORLD)?;
    let before = world.schema("public").await?;
    let _holder = Transaction::holding(&world, "LOCK TABLE city")?;
    let started = Instant::now();

    let public = world.schema("public").await?;
    let city = entry(&public.tables, "city");
    assert_eq!((city.total_bytes, city.total_size.as_deref(), city.table_bytes), (None, None, None));
    assert_eq!((city.index_bytes, city.toast_bytes), (Some(114_688), Some(8192)));
    assert_eq!((city.bloat_bytes.0, city.is_locked), (16_384, true));
    let country = |report: &SchemaReport| TableEntry {
        statistics_age_seconds: None,
        frozen_xid_age: None,
        ..entry(&report.tables, "country").clone()
    };
    assert_eq!(country(&public), country(&before));
    assert_eq!((public.total_bytes, public.locked_relations), (Some(65_536 + 106_496), 1));
    let key = index(&public.indexes, "city_pkey");
    assert_eq!((key.def.as_deref(), key.total_bytes), (None, Some(114_688)));

    let table = world.table("public", "city").await?;
    assert_eq!((table.total_bytes, table.table_bytes, table.is_locked), (None, None, true));
    assert!(table.activity.n_live_tup.is_some_and(|rows| rows >= 4079));
    let database = world.server.database_report(&world.name).await?.context("it is there")?;
    let totals = database.schemas.iter().find(|schema| schema.name == "public").context("it is listed")?;
    assert_eq!((totals.n_tables, totals.tables_bytes, totals.locked_relations), (3, 352_256 - 262_144, 1));
    let server = world.server.instance_report().await?;
    let totals =
        server.databases.iter().find(|database| database.datname == world.name).context("it is listed")?;
    // Other tests may lock catalogs that all databases share.
    assert!(totals.locked_relations.is_some_and(|locked| locked >= 1), "{:?}", totals.locked_relations);
    assert_eq!(totals.error.as_deref(), None);
    world.server.advice(&world.name).await?.context("it is there")?;
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_lock_on_an_index_hides_that_index_alone() -> Result<()> {
    let world = Database::with(WORLD)?;
    let _rebuilder = Transaction::holding(&world, "REINDEX INDEX city_pkey")?;
    let table = world.table("public", "city").await?;
    let [key] = &table.indexes[..] else { panic!("{:?}", table.indexes) };
    assert_eq!((key.total_bytes, key.def.as_deref(), key.is_locked), (None, None, true));
    assert_eq!((table.table_bytes, table.toast_bytes), (Some(262_144), Some(8192)));
    assert_eq!((table.index_bytes, table.total_bytes, table.is_locked), (None, None, true));
    let public = world.schema("public").await?;
    assert_eq!((public.locked_relations, public.total_bytes), (1, Some(65_536 + 106_496)));
    Ok(())
}

#[tokio::test]
async fn a_lock_that_is_only_requested_does_not_stop_a_report() -> Result<()> {
    let world = Database::with(WORLD)?;
    let _reader = Transaction::holding(&world, "SELECT 1 FROM city LIMIT 1")?;
    let mut waiting = Transaction::holding(&world, "SELECT 1")?;
    waiting.send("LOCK TABLE city;")?;
    let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'city'::regclass AND NOT granted";
    let deadline = Instant::now() + Duration::from_secs(10);
    while world.run(waits)? != "1" {
        assert!(Instant::now() < deadline, "the lock is not requested");
    }
    let city = world.table("public", "city").await?;
    assert_eq!((city.total_bytes, city.is_locked), (None, true));
    Ok(())
}

#[tokio::test]
async fn a_relation_under_vacuum_full_has_nulls() -> Result<()> {
    let world = Database::with(WORLD)?;
    // What VACUUM FULL holds: the table, its TOAST table and its indexes. CLUSTER runs within a transaction.
    let _rewriter = Transaction::holding(&world, "CLUSTER city USING city_pkey")?;
    let city = world.table("public", "city").await?;
    assert_eq!((city.total_bytes, city.is_locked), (None, true));
    Ok(())
}

#[tokio::test]
async fn a_database_with_many_short_locks_is_still_reported() -> Result<()> {
    let world = Database::with(WORLD)?;
    let mut churn = Transaction::holding(&world, "SELECT 1")?;
    churn
        .send(&format!("COMMIT; {}", "BEGIN; LOCK TABLE city; SELECT pg_sleep(0.01); COMMIT;".repeat(100)))?;
    for _ in 0..20 {
        assert_eq!(world.schema("public").await?.tables.len(), 3);
    }
    Ok(())
}
