//! Schemas that are created from dumps, and statements that are split like the `mariadb` program does.

use anyhow::{Context, Result};
use schemas::dump::Dump;
use schemas::dump::catalog::dump;
use schemas::dump::load::{drop_schema, load, recreate};
use schemas::mysql::statements::split;

use super::{Schema, identifier, value};

/// Every kind of object, with names of the own schema in all places where they can be.
const EVERYTHING: &str = "
CREATE TABLE `{schema}` (id int AUTO_INCREMENT PRIMARY KEY, a varchar(20) DEFAULT 'x''y;', KEY (a)) COMMENT='; -- x';
CREATE SEQUENCE sq START WITH 5;
CREATE TABLE t (id int DEFAULT NEXTVAL(sq), o int, g int AS (id + 1) VIRTUAL, CHECK (o > 0), ts timestamp NOT NULL DEFAULT
  '2020-01-01 00:00:00', FOREIGN KEY (o) REFERENCES `{schema}` (id));
CREATE TABLE parts (id int NOT NULL) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (5), PARTITION p1 VALUES LESS
  THAN MAXVALUE);
CREATE TABLE history (id int) WITH SYSTEM VERSIONING;
DELIMITER //
CREATE FUNCTION f(a int) RETURNS int DETERMINISTIC BEGIN IF a > 1 THEN RETURN 1; END IF; RETURN CASE a WHEN 1 THEN 2 END; END//
CREATE PROCEDURE `p;q`() SQL SECURITY INVOKER COMMENT 'c;' BEGIN SELECT * FROM `{schema}`.t; l: LOOP LEAVE l; END LOOP; END//
CREATE TRIGGER `{schema}`.one BEFORE INSERT ON `{schema}`.t FOR EACH ROW BEGIN SET NEW.o = 1; /* ; */ END//
CREATE TRIGGER another BEFORE INSERT ON t FOR EACH ROW FOLLOWS one SET NEW.o = f(NEW.o) -- the; end
//
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM `{schema}`.t; END//
DELIMITER ;
CREATE VIEW z AS SELECT `{schema}`.id, f(t.id) AS x FROM `{schema}` JOIN `{schema}`.t ON t.o = `{schema}`.id;
CREATE VIEW a AS SELECT * FROM z WHERE id IN (SELECT id FROM `{schema}`);
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW `{schema}-v` AS SELECT a.id FROM a;
";

fn everything(schema: &Schema) -> String {
    EVERYTHING.replace("{schema}", schema.name.as_str())
}

/// Loads a dump into a scratch schema and returns the dump of that.
async fn reload(dumped: &Dump) -> Result<Dump> {
    let mut session = Schema::new()?.open().await?;
    let scratch = identifier(&format!("scratch-{}", session.connection_id()));
    recreate(&mut session, &scratch, dumped.collation.as_deref()).await?;
    load(&mut session, dumped).await?;
    let again = dump(&mut session, &scratch).await?.context("the scratch schema")?;
    drop_schema(&mut session, &scratch).await?;
    assert_eq!(dump(&mut session, &scratch).await?, None);
    session.close().await;
    Ok(again)
}

#[tokio::test]
async fn loaded_schema_of_another_name_has_the_same_dump() -> Result<()> {
    let schema = Schema::new()?;
    schema.run(&everything(&schema))?;
    let dumped = schema.dump().await?;
    assert_eq!(split(&dumped.ddl).len(), 13, "{}", dumped.ddl);
    let again = reload(&dumped).await?;
    assert_eq!(again.ddl, dumped.ddl);
    assert_eq!(again, dumped);
    Ok(())
}

#[tokio::test]
async fn tables_and_views_load_in_any_order() -> Result<()> {
    let schema = Schema::with(
        "SET foreign_key_checks = 0; \
         CREATE TABLE a (id int PRIMARY KEY, FOREIGN KEY (id) REFERENCES b (id)); \
         CREATE TABLE b (id int PRIMARY KEY, FOREIGN KEY (id) REFERENCES a (id)); \
         CREATE VIEW z AS SELECT id FROM a; CREATE VIEW y AS SELECT id FROM z; CREATE VIEW x AS SELECT id FROM y",
    )?;
    let dumped = schema.dump().await?;
    assert_eq!(reload(&dumped).await?, dumped);
    Ok(())
}

#[tokio::test]
async fn default_collation_is_loaded() -> Result<()> {
    let schema = Schema::new()?;
    schema.run(&format!("ALTER DATABASE {} COLLATE latin1_swedish_ci", schema.name))?;
    let dumped = schema.dump().await?;
    assert_eq!(reload(&dumped).await?.collation.as_deref(), Some("latin1_swedish_ci"));
    Ok(())
}

#[tokio::test]
async fn loading_leaves_the_settings_of_the_session_and_fails_with_the_servers_error() -> Result<()> {
    let schema = Schema::new()?;
    let mut session = schema.open().await?;
    let settings = "SELECT CONCAT_WS(' ', @@sql_mode, @@time_zone, @@foreign_key_checks)";
    let before = value(&mut session, settings).await?;
    let table = "CREATE TABLE `t` (`a` date NOT NULL DEFAULT '0000-00-00')";
    load(&mut session, &Dump::of([table])).await?;
    assert_eq!(value(&mut session, settings).await?, before);
    for (statement, code) in [(table, 1050), ("CREATE VIEW `v` AS select `a` from `missing`", 1146)] {
        let failure = load(&mut session, &Dump::of([statement])).await.expect_err(statement);
        assert_eq!(failure.report().map(|report| report.code), Some(code), "{failure:?}");
        assert_eq!(value(&mut session, settings).await?, before);
    }
    session.close().await;
    Ok(())
}

#[tokio::test]
async fn script_is_split_as_the_servers_own_program_does() -> Result<()> {
    let (by_program, by_session) = (Schema::new()?, Schema::new()?);
    by_program.run(&everything(&by_program))?;
    let script = everything(&by_session);
    let mut session = by_session.open().await?;
    for statement in split(&script) {
        session.execute(statement).await.with_context(|| statement.to_owned())?;
    }
    session.close().await;
    let (expected, dumped) = (by_program.dump().await?, by_session.dump().await?);
    let name = |text: &str, schema: &Schema| text.replace(schema.name.as_str(), "s");
    assert_eq!(name(&dumped.ddl, &by_session), name(&expected.ddl, &by_program));
    Ok(())
}
