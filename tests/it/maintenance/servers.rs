//! Servers and databases that cannot be read.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};
use domain::error::Kind;
use domain::platform::id::Ids;
use domain::platform::variables::Variables;
use local::private_postgres::{FOR_TESTS, PrivatePostgres};
use maintenance::server::Servers;
use tests::certificates::write_certificates;

use super::{CLUSTER, server};

#[tokio::test]
async fn an_unreachable_server_is_named_without_its_credentials() -> Result<()> {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let (_, address) = CLUSTER
        .url("postgres")
        .split_once('@')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .context("a URL")?;
    for (url, text) in [
        (format!("postgres://u:s3cret@127.0.0.1:{closed}/postgres"), "server \"default\" is unreachable"),
        (
            format!("postgres://steward:s3cret@{address}"),
            "server \"default\" rejected the credentials of its URL",
        ),
        (format!("postgres://steward:s3cret@{address}?sslmode=require"), "server \"default\" is unreachable"),
        (format!("postgres://steward:s3cret@{address}?options=-c%20s3cret%3D1"), "server \"default\""),
    ] {
        let server = server(&url)?;
        let refused = server.instance_report().await.expect_err("it cannot be read");
        assert_eq!(refused.kind(), Kind::Unavailable, "{refused:?}");
        assert!(refused.to_string().starts_with(text), "{refused}");
        assert!(!refused.to_string().contains("s3cret"), "{refused}");
        assert!(!format!("{server:?}").contains("s3cret"), "{server:?}");
        assert!(server.database_report("postgres").await.is_err());
    }
    Ok(())
}

#[tokio::test]
async fn a_database_that_cannot_be_read_does_not_hide_the_others() -> Result<()> {
    let cluster = PrivatePostgres::temporary(FOR_TESTS)?;
    cluster.run(
        "postgres",
        "CREATE ROLE reader LOGIN PASSWORD 'p';
         CREATE DATABASE closed ALLOW_CONNECTIONS false;
         CREATE DATABASE forbidden;
         REVOKE CONNECT ON DATABASE forbidden FROM PUBLIC;
         CREATE DATABASE open;",
    )?;
    let superuser = server(&cluster.url("postgres"))?;
    let report = superuser.instance_report().await?;
    let errors: Vec<_> = report
        .databases
        .iter()
        .map(|database| (database.datname.as_str(), database.error.as_deref()))
        .collect();
    let closed = "database \"closed\" does not accept connections";
    assert_eq!(errors, [("closed", Some(closed)), ("forbidden", None), ("open", None), ("postgres", None)]);
    let unread = &report.databases[0];
    assert!(unread.total_bytes.is_some_and(|bytes| bytes > 0), "{unread:?}");
    assert_eq!((unread.schemas.n_tables, unread.schemas.toast_size.as_deref()), (None, None));
    for template in ["template0", "closed"] {
        let refused = superuser.database_report(template).await.expect_err("it accepts nobody");
        assert_eq!(refused.kind(), Kind::Conflict);
        assert_eq!(refused.to_string(), format!("database \"{template}\" does not accept connections"));
    }
    assert!(superuser.database_report("template1").await?.is_some());

    let reader = server(&format!("postgres://reader:p@127.0.0.1:{}/postgres", cluster.port()))?;
    let report = reader.instance_report().await?;
    let forbidden = &report.databases[1];
    assert_eq!((forbidden.datname.as_str(), forbidden.total_bytes), ("forbidden", None));
    let error = "the user of server \"default\" lacks a permission in database \"forbidden\"";
    assert_eq!(forbidden.error.as_deref(), Some(error));
    assert!(report.databases[2].schemas.n_tables.is_some());
    assert_eq!(reader.database_report("forbidden").await.expect_err("forbidden").kind(), Kind::Forbidden);

    let port = cluster.port();
    drop(cluster);
    let gone = server(&format!("postgres://reader:p@127.0.0.1:{port}/postgres"))?.instance_report().await;
    assert_eq!(gone.expect_err("it has stopped").kind(), Kind::Unavailable);
    Ok(())
}

#[tokio::test]
async fn a_certificate_must_be_by_a_known_authority_and_for_the_name() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("steward-tls-{}", Ids::random().uuid()));
    drop(PrivatePostgres::start(&folder, FOR_TESTS)?);
    write_certificates(&folder)?;
    let path = |file: &str| folder.join(file).display().to_string();
    let certificate =
        [format!("ssl_cert_file={}", path("server.pem")), format!("ssl_key_file={}", path("server.key"))];
    let settings = [FOR_TESTS, &["ssl=on", &certificate[0], &certificate[1]]].concat();
    let cluster = PrivatePostgres::start(&folder, &settings)?;
    for (host, mode, authority, connects) in [
        ("localhost", "verify-full", Some("ca.pem"), true),
        ("localhost", "require", Some("ca.pem"), true),
        ("localhost", "verify-full", None, false),
        ("localhost", "require", None, false),
        ("127.0.0.1", "verify-full", Some("ca.pem"), false),
        ("127.0.0.1", "require", Some("ca.pem"), false),
        ("127.0.0.1", "disable", None, true),
    ] {
        let url = cluster.url("postgres").replace("127.0.0.1", host) + "?sslmode=" + mode;
        let authority = authority.map(path).unwrap_or_default();
        let variables = Variables::default().with([("POSTGRES_URL", url), ("POSTGRES_CA_FILE", authority)]);
        let report = Servers::read(&variables)?.get(None)?.database_report("postgres").await;
        match report {
            Ok(report) => assert!(connects && report.is_some(), "{host} {mode}"),
            Err(error) => {
                assert!(!connects, "{host} {mode}: {error:?}");
                assert_eq!(error.kind(), Kind::Unavailable);
                assert!(error.chain().contains("certificate"), "{}", error.chain());
            }
        }
    }
    drop(cluster);
    Ok(fs::remove_dir_all(&folder)?)
}
