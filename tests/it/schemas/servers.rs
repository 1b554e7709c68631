//! Private servers: their data, their only user and encryption.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use domain::platform::id::Ids;
use local::private_mariadb::{FOR_TESTS, PrivateMariadb};
use schemas::mysql::Roots;
use schemas::mysql::endpoint::Endpoint;
use schemas::mysql::failure::Failure;
use schemas::mysql::session::{Limits, Session};
use tests::certificates::write_certificates;

use super::{LIMITS, endpoint, value};

#[tokio::test]
async fn data_is_kept_between_starts_and_nobody_connects_without_the_password() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("steward-kept-{}", Ids::random().uuid()));
    let first = PrivateMariadb::start(&folder, FOR_TESTS)?;
    first.run("CREATE DATABASE kept; CREATE TABLE kept.t (a int); INSERT INTO kept.t VALUES (7)")?;
    assert_eq!(first.queries()?, "");
    let url = first.url();
    // The first one is stopped by the second, as that of an earlier run which was killed.
    let second = PrivateMariadb::start(&folder, &[FOR_TESTS, &["general-log=ON"]].concat())?;
    assert_ne!(url, second.url());
    let mut session = Session::open(&endpoint(&second.url()), None, LIMITS).await?;
    assert_eq!(value(&mut session, "SELECT a FROM kept.t").await?, "7");
    session.close().await;
    assert!(second.queries()?.contains("SELECT a FROM kept.t"));
    for user in ["root", "steward", "mysql", "mariadb.sys"] {
        let url = format!("mysql://{user}@127.0.0.1:{}", second.port());
        let refused = Session::open(&endpoint(&url), None, LIMITS).await.expect_err(user);
        assert!(matches!(refused, Failure::Credentials(_)), "{user}: {refused:?}");
    }
    drop((first, second));
    Ok(fs::remove_dir_all(&folder)?)
}

#[tokio::test]
async fn a_certificate_must_be_by_a_known_authority_and_for_the_name() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("steward-tls-{}", Ids::random().uuid()));
    drop(PrivateMariadb::start(&folder, FOR_TESTS)?);
    write_certificates(&folder)?;
    let path = |file: &str| folder.join(file).display().to_string();
    let certificate = [format!("ssl-cert={}", path("server.pem")), format!("ssl-key={}", path("server.key"))];
    let settings = [FOR_TESTS, &[&certificate[0], &certificate[1]]].concat();
    let server = PrivateMariadb::start(&folder, &settings)?;
    let limits = Limits { connect_timeout: Duration::from_secs(30), ..LIMITS };
    for (host, mode, authority, connects) in [
        ("localhost", "verify-full", Some("ca.pem"), true),
        ("localhost", "require", Some("ca.pem"), true),
        ("localhost", "verify-full", None, false),
        ("127.0.0.1", "verify-full", Some("ca.pem"), false),
        ("127.0.0.1", "disable", None, true),
    ] {
        let url = server.url().replace("127.0.0.1", host) + "?sslmode=" + mode;
        let roots = Roots::read(authority.map(path).as_deref())?;
        match Session::open(&Endpoint::parse(&url, &roots)?, None, limits).await {
            Ok(mut session) => {
                assert!(connects, "{host} {mode}");
                let rows = session.rows("SHOW SESSION STATUS LIKE 'Ssl_version'", &[]).await?;
                assert_eq!(rows[0].text(1)?.starts_with("TLSv1."), mode != "disable", "{rows:?}");
                session.close().await;
            }
            Err(failure) => {
                assert!(!connects, "{host} {mode}: {failure:?}");
                assert!(failure.is_of_connection(), "{failure:?}");
            }
        }
    }
    assert!(Roots::read(Some(&path("server.key"))).is_err(), "it has no certificate");
    drop(server);
    Ok(fs::remove_dir_all(&folder)?)
}
