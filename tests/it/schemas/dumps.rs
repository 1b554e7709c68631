//! Dumps: what they contain, their order and their checksums.

use anyhow::{Context, Result};
use schemas::dump::Dump;
use schemas::dump::catalog::dump;
use schemas::dump::normalize::statements;
use schemas::dump::structure::Difference;
use schemas::mysql::failure::Failure;
use schemas::mysql::session::Session;

use super::{LIMITS, SERVER, Schema, endpoint, identifier, value};

/// A table whose checksum is documented, with options that every server shows.
const T01: &str = "CREATE TABLE t01 (id int(11) NOT NULL AUTO_INCREMENT, PRIMARY KEY (id)) ENGINE=InnoDB \
                   DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;";

#[tokio::test]
async fn empty_schema_has_the_checksum_of_zeros_and_a_missing_one_has_none() -> Result<()> {
    let schema = Schema::new()?;
    let empty = schema.dump().await?;
    assert_eq!((empty.ddl.as_str(), empty.checksum.as_str()), ("", "0".repeat(32).as_str()));
    assert_eq!(empty.collation.as_deref(), Some("utf8mb4_general_ci"));
    let mut session = schema.open().await?;
    assert_eq!(dump(&mut session, &identifier("no such schema")).await?, None);
    session.close().await;
    Ok(())
}

#[tokio::test]
async fn table_has_the_documented_checksum_whatever_its_counter() -> Result<()> {
    let schema = Schema::with(T01)?;
    assert_eq!(schema.dump().await?.checksum, "a04b318462a0f65ecea235e61ae1e4f9");
    schema.run("INSERT INTO t01 VALUES (41)")?;
    assert!(schema.run("SHOW CREATE TABLE t01")?.contains("AUTO_INCREMENT=42"));
    assert_eq!(schema.dump().await?.checksum, "a04b318462a0f65ecea235e61ae1e4f9");
    Ok(())
}

#[tokio::test]
async fn tables_are_in_byte_order_and_their_texts_are_the_servers() -> Result<()> {
    let schema = Schema::with(
        "CREATE TABLE b (a int); CREATE TABLE a (a varchar(30) DEFAULT 'x;''y' COMMENT 'AUTO_INCREMENT=7 x') \
         COMMENT='AUTO_INCREMENT=8 y'; CREATE TABLE `ü` (a int); CREATE TABLE C (a int);",
    )?;
    let dump = schema.dump().await?;
    let mut shown = Vec::new();
    for table in ["C", "a", "b", "ü"] {
        let row = schema.run(&format!("SHOW CREATE TABLE `{table}`"))?;
        shown.push(row.split_once('\t').context("two columns")?.1.to_owned());
    }
    assert_eq!(dump.ddl, shown.join(";\n"));
    assert_eq!(Dump::of(statements(&dump.ddl)), Dump { collation: None, ..dump });
    Ok(())
}

#[tokio::test]
async fn views_triggers_routines_and_events_change_the_checksum() -> Result<()> {
    let schema = Schema::with("CREATE TABLE t (a int)")?;
    let mut before = schema.dump().await?;
    for script in [
        "CREATE VIEW v AS SELECT a FROM t",
        "CREATE OR REPLACE VIEW v AS SELECT a + 1 AS a FROM t",
        "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
        "CREATE OR REPLACE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 2",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t",
        "CREATE SEQUENCE s",
    ] {
        schema.run(script)?;
        let after = schema.dump().await?;
        assert_ne!(after.checksum, before.checksum, "{script}");
        let difference = Difference::between(&before.ddl, &after.ddl);
        assert_eq!(difference.added.len() + difference.changed.len(), 1, "{script}: {difference:?}");
        assert!(difference.removed.is_empty(), "{script}: {difference:?}");
        before = after;
    }
    Ok(())
}

#[tokio::test]
async fn definers_and_times_of_creation_are_not_part_of_the_structure() -> Result<()> {
    let (one, other) = (Schema::new()?, Schema::new()?);
    for (schema, user, start) in [(&one, "a@localhost", "2030-01-01"), (&other, "b@'%'", "2031-01-01")] {
        schema.run(&format!(
            "CREATE TABLE t (a int); CREATE DEFINER={user} VIEW v AS SELECT a FROM t; \
             CREATE DEFINER={user} TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1; \
             CREATE DEFINER={user} PROCEDURE p() SELECT 1; \
             CREATE DEFINER={user} EVENT e ON SCHEDULE EVERY 1 DAY STARTS '{start}' DO DELETE FROM t"
        ))?;
    }
    let dump = one.dump().await?;
    assert_eq!(dump, other.dump().await?);
    assert!(!dump.ddl.contains("DEFINER=") && !dump.ddl.contains("STARTS"), "{}", dump.ddl);
    Ok(())
}

#[tokio::test]
async fn triggers_of_a_table_are_in_the_order_in_which_they_act() -> Result<()> {
    let schema = Schema::with(
        "CREATE TABLE t (a int); \
         CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1; \
         CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW FOLLOWS b SET NEW.a = NEW.a * 2",
    )?;
    let ddl = schema.dump().await?.ddl;
    let place = |trigger: &str| ddl.find(trigger);
    assert!(place("TRIGGER b ") < place("TRIGGER a ") && place("TRIGGER b ").is_some(), "{ddl}");
    Ok(())
}

#[tokio::test]
async fn dump_does_not_depend_on_the_session_and_leaves_its_settings() -> Result<()> {
    let schema = Schema::with(
        "CREATE TABLE t (a timestamp NOT NULL DEFAULT '2026-01-01 00:00:00'); CREATE VIEW v AS SELECT a FROM t",
    )?;
    let mut session = schema.open().await?;
    let plain = dump(&mut session, &schema.name).await?.context("a schema")?;
    session.execute("SET sql_mode = 'ANSI_QUOTES', time_zone = '+05:00'").await?;
    assert_eq!(dump(&mut session, &schema.name).await?.context("a schema")?, plain);
    assert_eq!(value(&mut session, "SELECT CONCAT(@@sql_mode, @@time_zone)").await?, "ANSI_QUOTES+05:00");
    session.close().await;
    Ok(())
}

#[tokio::test]
async fn hidden_definition_is_a_failure() -> Result<()> {
    let schema = Schema::with("CREATE PROCEDURE p() SELECT 1")?;
    let user = format!("u{}", &schema.name.as_str()[5..15]);
    SERVER.run(&format!(
        "CREATE USER '{user}'@'127.0.0.1' IDENTIFIED BY 'p'; GRANT SELECT, EXECUTE ON {}.* TO '{user}'@'127.0.0.1'",
        schema.name
    ))?;
    let url = format!("mysql://{user}:p@127.0.0.1:{}", SERVER.port());
    let mut session = Session::open(&endpoint(&url), None, LIMITS).await?;
    let failure = dump(&mut session, &schema.name).await.expect_err("the text is hidden");
    assert!(matches!(&failure, Failure::Row(text) if text.contains("PROCEDURE `p`")), "{failure:?}");
    session.close().await;
    Ok(())
}
