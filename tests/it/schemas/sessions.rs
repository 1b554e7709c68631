//! Sessions: statements, failures, locks and limits.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::Result;
use schemas::mysql::failure::Failure;
use schemas::mysql::session::{Limits, Session};

use super::{LIMITS, SERVER, Schema, endpoint, identifier, value};

#[tokio::test]
async fn session_knows_its_server_and_leaves_its_sql_mode() -> Result<()> {
    let schema = Schema::new()?;
    let mut session = schema.open().await?;
    assert!(session.version().is_mariadb && session.version().number >= (10, 5, 0), "{session:?}");
    assert_eq!(value(&mut session, "SELECT CONNECTION_ID()").await?, session.connection_id().to_string());
    assert_eq!(value(&mut session, "SELECT DATABASE()").await?, schema.name.as_str());
    assert_eq!(value(&mut session, "SELECT @@SESSION.sql_mode = @@GLOBAL.sql_mode").await?, "1");
    assert_eq!(value(&mut session, "SELECT @@SESSION.lock_wait_timeout").await?, "1");
    session.close().await;
    Ok(())
}

#[tokio::test]
async fn parameters_are_bound_and_text_is_unicode() -> Result<()> {
    let schema = Schema::new()?;
    let mut session = schema.open().await?;
    session.execute("CREATE TABLE t (a varchar(20), b int)").await?;
    session.execute("INSERT INTO t VALUES ('it''s 😀', 7), (NULL, NULL)").await?;
    let rows = session.rows("SELECT a, b, ? FROM t WHERE a = ?", &["x", "it's 😀"]).await?;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].text(0)?, rows[0].number(1)?, rows[0].text(2)?), ("it's 😀", 7, "x"));
    let rows = session.rows("SELECT b FROM t ORDER BY b", &[]).await?;
    assert_eq!((rows[0].optional(0), rows[1].number(0)?), (None, 7));
    session.close().await;
    Ok(())
}

#[tokio::test]
async fn failed_statement_has_code_and_text_and_leaves_the_session_usable() -> Result<()> {
    let schema = Schema::new()?;
    let mut session = schema.open().await?;
    let failure = session.execute("CREATE TABEL t (a int)").await.expect_err("a syntax error");
    assert!(failure.to_string().starts_with("(1064, \"You have an error in your SQL syntax; "), "{failure}");
    assert_eq!(failure.report().map(|report| report.sqlstate.as_str()), Some("42000"));
    assert!(!failure.is_of_connection());
    let missing = session.rows("SELECT * FROM missing WHERE a = ?", &["x"]).await.expect_err("no such table");
    assert_eq!(missing.report().map(|report| report.code), Some(1146));
    session.execute("CREATE TABLE t (a int)").await?;
    session.close().await;
    Ok(())
}

#[tokio::test]
async fn all_results_of_a_statement_are_read() -> Result<()> {
    let schema = Schema::with(
        "DELIMITER //\n\
         CREATE PROCEDURE good() BEGIN SELECT 1; SELECT 2 UNION SELECT 3; END//\n\
         CREATE PROCEDURE bad() BEGIN SELECT 1; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'later'; END//\n",
    )?;
    let mut session = schema.open().await?;
    session.execute("CALL good()").await?;
    let failure = session.execute("CALL bad()").await.expect_err("the second statement fails");
    assert_eq!(failure.to_string(), "(1644, \"later\")");
    assert_eq!(value(&mut session, "SELECT 4").await?, "4");
    session.close().await;
    Ok(())
}

#[tokio::test]
async fn refused_connections_are_told_apart() -> Result<()> {
    let unknown = Session::open(&endpoint(&SERVER.url()), Some(&identifier("no such")), LIMITS).await;
    let unknown = unknown.expect_err("no such schema");
    assert_eq!(unknown.to_string(), "(1049, \"Unknown database 'no such'\")");

    let wrong = format!("mysql://steward:s3cret@127.0.0.1:{}", SERVER.port());
    let rejected = Session::open(&endpoint(&wrong), None, LIMITS).await.expect_err("a wrong password");
    assert!(matches!(rejected, Failure::Credentials(_)) && rejected.is_of_connection(), "{rejected:?}");

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let silent = format!("mysql://u:p@127.0.0.1:{}", listener.local_addr()?.port());
    let limits = Limits { connect_timeout: Duration::from_millis(300), ..LIMITS };
    let failure = Session::open(&endpoint(&silent), None, limits).await.expect_err("it is silent");
    assert!(matches!(failure, Failure::Unreachable(_)), "{failure:?}");
    drop(listener);
    let failure = Session::open(&endpoint(&silent), None, LIMITS).await.expect_err("it is closed");
    assert!(matches!(failure, Failure::Unreachable(_)), "{failure:?}");
    Ok(())
}

#[tokio::test]
async fn encryption_that_a_server_lacks_is_not_given_up() -> Result<()> {
    let url = format!("{}?sslmode=require", SERVER.url());
    let failure = Session::open(&endpoint(&url), None, LIMITS).await.expect_err("no verified TLS");
    assert!(matches!(failure, Failure::Unreachable(_)), "{failure:?}");
    Ok(())
}

#[tokio::test]
async fn lock_is_exclusive_and_ends_with_its_session() -> Result<()> {
    let schema = Schema::new()?;
    let (mut first, mut second) = (schema.open().await?, schema.open().await?);
    let name = format!("apply:{}:{}", schema.name, "a long name of a server ".repeat(4));
    assert!(first.get_lock(&name, 0).await?);
    assert!(!second.get_lock(&name, 0).await?);
    assert!(!second.release_lock(&name).await?);
    assert!(first.release_lock(&name).await?);
    assert!(second.get_lock(&name, 0).await?);
    second.close().await;
    assert!(first.get_lock(&name, 10).await?);
    first.close().await;
    Ok(())
}

#[tokio::test]
async fn waits_for_locks_are_limited() -> Result<()> {
    let schema = Schema::with("CREATE TABLE t (a int PRIMARY KEY) ENGINE=InnoDB; INSERT INTO t VALUES (1)")?;
    let (mut first, mut second) = (schema.open().await?, schema.open().await?);
    first.execute("START TRANSACTION").await?;
    first.execute("UPDATE t SET a = 2").await?;
    for statement in ["ALTER TABLE t ADD b int", "UPDATE t SET a = 3"] {
        let started = Instant::now();
        let failure = second.execute(statement).await.expect_err("the table is locked");
        assert!(matches!(&failure, Failure::LockWait(report) if report.code == 1205), "{failure:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "{statement}: {:?}", started.elapsed());
    }
    first.execute("COMMIT").await?;
    second.execute("ALTER TABLE t ADD b int").await?;
    first.close().await;
    second.close().await;
    Ok(())
}

#[tokio::test]
async fn interrupted_statement_leaves_the_session_usable() -> Result<()> {
    let schema = Schema::new()?;
    let (mut first, mut second) = (schema.open().await?, schema.open().await?);
    let id = first.connection_id();
    let (interrupted, ()) = tokio::join!(first.execute("DO SLEEP(30)"), async {
        while !is_running(&mut second, id).await {}
        assert!(second.interrupt(id).await.expect("interrupted"));
    });
    // MariaDB ends SLEEP early and without an error.
    assert!(!interrupted.is_err_and(|failure| failure.is_of_connection()));
    assert_eq!(value(&mut first, "SELECT 1").await?, "1");
    assert!(!second.interrupt(u64::from(u32::MAX)).await?);
    first.close().await;
    second.close().await;
    Ok(())
}

#[tokio::test]
async fn killed_session_is_lost() -> Result<()> {
    let schema = Schema::new()?;
    let (mut first, mut second) = (schema.open().await?, schema.open().await?);
    let id = first.connection_id();
    let (killed, ()) = tokio::join!(first.execute("DO SLEEP(30)"), async {
        while !is_running(&mut second, id).await {}
        assert!(second.kill(id).await.expect("killed"));
    });
    let failure = killed.expect_err("the connection is gone");
    assert!(matches!(failure, Failure::ConnectionLost(_)), "{failure:?}");
    let failure = first.execute("SELECT 1").await.expect_err("the session is lost");
    assert!(failure.is_of_connection(), "{failure:?}");
    second.close().await;
    Ok(())
}

async fn is_running(session: &mut Session, id: u64) -> bool {
    let query = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ? AND INFO LIKE 'DO SLEEP%'";
    let rows = session.rows(query, &[&id.to_string()]).await.expect("the list of sessions");
    rows[0].number(0).expect("a number") == 1
}

#[tokio::test]
async fn statements_are_limited_in_time() -> Result<()> {
    let schema = Schema::with("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")?;
    let limits = Limits { max_statement_time: Some(Duration::from_millis(200)), ..LIMITS };
    let mut session = schema.open_with(limits).await?;
    let failure = session.execute("UPDATE t SET a = SLEEP(30)").await.expect_err("it is too slow");
    assert!(matches!(failure, Failure::Interrupted(_)), "{failure:?}");
    assert_eq!(value(&mut session, "SELECT a FROM t").await?, "1");
    session.close().await;
    Ok(())
}

#[tokio::test]
async fn files_of_this_machine_are_not_read() -> Result<()> {
    let schema = Schema::with("CREATE TABLE t (a varchar(200))")?;
    let mut session = schema.open().await?;
    let load = "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t";
    let failure = session.execute(load).await.expect_err("no files");
    assert_eq!(failure.report().map(|report| report.code), Some(1148), "{failure:?}");
    assert_eq!(value(&mut session, "SELECT COUNT(*) FROM t").await?, "0");
    session.close().await;
    Ok(())
}
