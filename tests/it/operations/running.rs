//! Operations on a real server.

use anyhow::Result;
use serde_json::{Value, json};

use super::disturbances::Lock;
use super::{SERVER, Site, ask, events, pass};

const COUNTS: &str =
    "SELECT vacuum_count || ' ' || analyze_count FROM pg_stat_user_tables WHERE relname = 'city'";

#[tokio::test]
async fn vacuum_full_rewrites_the_table_and_its_end_is_kept() -> Result<()> {
    let site = Site::new("rewritten").await?;
    let node = "SELECT pg_relation_filenode('city')";
    let before = site.sql(node);
    let id = site.post("schema/public/table/city/vacuum", r#"{"mode": "full,analyze"}"#).await?;
    assert_eq!(site.operation(&id).await["status"], "todo");
    site.bundle.drain().await?;
    let done = site.operation(&id).await;
    assert_eq!(
        (&done["status"], &done["mode"], &done["error"]),
        (&json!("done"), &json!("full,analyze"), &Value::Null)
    );
    assert_eq!((&done["relations"], &done["relations_finished"]), (&json!(1), &json!(1)));
    assert_eq!(done["statement"], r#"VACUUM (FULL, ANALYZE) "public"."city""#);
    assert!(done["statement_started"].is_string() && done["pid"].is_null(), "{done}");
    assert_ne!(site.sql(node), before);
    let listed = ask(&site.bundle, "GET", "/maintenance/rewritten/vacuum/scheduled", "").await.json();
    assert_eq!(listed[0]["status"], "done");
    let cancel = ask(&site.bundle, "DELETE", &format!("/maintenance/vacuum/{id}"), "").await;
    assert_eq!(cancel.status, 404, "it has ended");

    // A message that is delivered again runs nothing.
    let after = site.sql(node);
    let message = json!({"task": "run", "id": id}).to_string();
    for _ in 0..2 {
        let again = site.bundle.maintenance.work(&message, site.bundle.deadline()).await;
        again.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    }
    assert_eq!(site.sql(node), after);
    pass(&site.bundle, 3).await?;
    assert_eq!(events(&site.bundle, &id).await?.len(), 1);
    assert_eq!(site.operation(&id).await["status"], "done");
    Ok(())
}

#[tokio::test]
async fn database_is_split_into_its_relations() -> Result<()> {
    let site = Site::new("whole").await?;
    let vacuum = site.post("vacuum", "").await?;
    let analyze = site.post("schema/public/analyze", "{}").await?;
    site.bundle.drain().await?;
    for id in [&vacuum, &analyze] {
        let done = site.operation(id).await;
        assert_eq!((&done["status"], &done["error"]), (&json!("done"), &Value::Null), "{done}");
        assert_eq!(done["relations"], done["relations_finished"]);
    }
    site.wait_for(COUNTS, "1 1");
    let other = "SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'My \"Table\"'";
    assert_eq!(site.sql(other), "1");
    let catalog = "SELECT vacuum_count FROM pg_stat_sys_tables WHERE relname = 'pg_class'";
    assert_eq!(site.sql(catalog), "1");
    Ok(())
}

#[tokio::test]
async fn names_are_quoted_and_carried_by_the_query_if_a_path_cannot() -> Result<()> {
    let site = Site::new("names").await?;
    site.sql(r#"CREATE TABLE "a/b?c" (id int PRIMARY KEY)"#);
    let mixed = "schema/Mixed%20Case/table/My%20%22Table%22";
    let ids = [
        site.post(&format!("{mixed}/vacuum"), "").await?,
        site.post(&format!("{mixed}/reindex"), r#"{"concurrently": true}"#).await?,
        site.post("schema/public/table/-/analyze?table=a%2Fb%3Fc", "").await?,
        site.post("schema/public/index/city_pkey/reindex", "").await?,
        site.post("schema/public/table/part/vacuum", "").await?,
        site.post("reindex", "").await?,
    ];
    site.bundle.drain().await?;
    for id in &ids {
        let done = site.operation(id).await;
        assert_eq!((&done["status"], &done["error"]), (&json!("done"), &Value::Null), "{done}");
    }
    assert_eq!(site.operation(&ids[4]).await["relations"], 2, "its partitions");
    Ok(())
}

#[tokio::test]
async fn missing_objects_and_old_servers_are_refused() -> Result<()> {
    let site = Site::new("missing").await?;
    let refused = async |path: &str, body: &str| {
        let reply = ask(&site.bundle, "POST", &format!("/maintenance/{path}"), body).await;
        (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    for (path, text) in [
        ("nodb/vacuum", "Database nodb not found"),
        ("missing/schema/nope/vacuum", "Schema nope not found"),
        ("missing/schema/public/table/nope/vacuum", "Table public.nope not found"),
        ("missing/schema/public/table/CITY/analyze", "Table public.CITY not found"),
        ("missing/schema/public/index/city/reindex", "Index public.city not found"),
        ("missing/schema/pg_catalog/index/city_pkey/reindex", "Index pg_catalog.city_pkey not found"),
        ("missing/schema/x'%20OR%20'1'='1/table/city/vacuum", "Table x' OR '1'='1.city not found"),
    ] {
        assert_eq!(refused(path, "{}").await, (404, text.to_owned()), "{path}");
    }
    let version: u32 = site.sql("SHOW server_version_num").parse::<u32>()? / 10_000;
    if version < 16 {
        let text =
            format!("Parameter 'buffer_usage_limit' requires PostgreSQL 16: the server runs {version}.");
        let body = r#"{"buffer_usage_limit": "1 MB"}"#;
        assert_eq!(refused("missing/schema/public/table/city/vacuum", body).await, (406, text));
    }
    Ok(())
}

#[tokio::test]
async fn dry_run_tells_the_statements_and_stores_nothing() -> Result<()> {
    let site = Site::new("dry").await?;
    let body = r#"{"mode": "full", "dry_run": true}"#;
    let reply = ask(&site.bundle, "POST", "/maintenance/dry/schema/public/table/city/vacuum", body).await;
    let plan = reply.json();
    assert_eq!(plan["statements"], json!([r#"VACUUM (FULL) "public"."city""#]));
    assert_eq!(plan["lock"], "ACCESS EXCLUSIVE on the table");
    assert_eq!(ask(&site.bundle, "GET", "/maintenance/vacuum/scheduled", "").await.body, "[]");
    Ok(())
}

#[tokio::test]
async fn dry_run_tells_the_space_that_new_files_need() -> Result<()> {
    let site = Site::new("space").await?;
    site.sql("CREATE TABLE big (id int PRIMARY KEY, k int UNIQUE); INSERT INTO big SELECT g, g FROM generate_series(1, 9000) g");
    let needed = async |path: &str, body: &str| {
        let path = format!("/maintenance/space/{path}");
        let plan = ask(&site.bundle, "POST", &path, body).await.json();
        (plan["space_needed_bytes"].to_string(), plan["space_needed_size"].clone())
    };
    let full = r#"{"mode": "full,analyze", "dry_run": true}"#;
    let plain = r#"{"dry_run": true}"#;
    for (path, body, function) in [
        ("schema/public/table/big/vacuum", full, "pg_total_relation_size('big')"),
        ("schema/public/vacuum", full, "pg_total_relation_size('big')"),
        ("schema/public/table/big/reindex", plain, "pg_indexes_size('big')"),
        ("reindex", plain, "pg_indexes_size('big')"),
        ("schema/public/index/big_pkey/reindex", plain, "pg_relation_size('big_pkey')"),
        ("schema/public/table/big/vacuum", plain, "0::bigint"),
        ("analyze", plain, "0::bigint"),
    ] {
        let (bytes, pretty) = needed(path, body).await;
        assert_eq!(bytes, site.sql(&format!("SELECT {function}")), "{path} {body}");
        assert_eq!(pretty, site.sql(&format!("SELECT pg_size_pretty({function})")), "{path} {body}");
    }
    let lock = Lock::new(&site)?;
    assert_eq!(needed("schema/public/table/city/vacuum", full).await, ("null".to_owned(), Value::Null));
    drop(lock);
    Ok(())
}

#[tokio::test]
async fn error_of_the_server_is_recorded_with_its_sqlstate() -> Result<()> {
    let site = Site::new("broken").await?;
    site.sql(
        "CREATE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1 / $1';
         CREATE TABLE halves (id int); CREATE INDEX halves_half ON halves (half(id));
         INSERT INTO halves VALUES (1);
         CREATE OR REPLACE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1 / ($1 - $1)';",
    );
    let id = site.post("schema/public/index/halves_half/reindex", "").await?;
    site.bundle.drain().await?;
    let failed = site.operation(&id).await;
    assert_eq!((&failed["status"], &failed["sqlstate"]), (&json!("failed"), &json!("22012")), "{failed}");
    assert_eq!(failed["error"], "division by zero");
    assert_eq!(failed["statement"], r#"REINDEX INDEX "public"."halves_half""#);
    assert_eq!(events(&site.bundle, &id).await?[0]["sqlstate"], "22012");
    Ok(())
}

#[tokio::test]
async fn every_option_reaches_the_server() -> Result<()> {
    let site = Site::new("optional").await?;
    let lock = Lock::new(&site)?;
    let skipped = site.post("schema/public/table/city/vacuum", r#"{"skip_locked": true}"#).await?;
    site.bundle.drain().await?;
    assert_eq!(site.operation(&skipped).await["statement"], r#"VACUUM (SKIP_LOCKED) "public"."city""#);
    drop(lock);
    for (path, body, options) in [
        ("vacuum", r#"{"parallel": 2, "truncate": false}"#, "VACUUM (PARALLEL 2, TRUNCATE FALSE)"),
        ("vacuum", r#"{"index_cleanup": "on"}"#, "VACUUM (INDEX_CLEANUP ON)"),
        (
            "vacuum",
            r#"{"index_cleanup": "off", "truncate": true}"#,
            "VACUUM (INDEX_CLEANUP OFF, TRUNCATE TRUE)",
        ),
        ("vacuum", r#"{"mode": "freeze", "skip_locked": true}"#, "VACUUM (FREEZE, SKIP_LOCKED)"),
        ("analyze", r#"{"skip_locked": true}"#, "ANALYZE (SKIP_LOCKED)"),
        ("reindex", r#"{"concurrently": true}"#, "REINDEX TABLE CONCURRENTLY"),
    ] {
        let id = site.post(&format!("schema/public/table/city/{path}"), body).await?;
        site.bundle.drain().await?;
        let done = site.operation(&id).await;
        assert_eq!((&done["status"], &done["error"]), (&json!("done"), &Value::Null), "{done}");
        assert_eq!(done["statement"], format!(r#"{options} "public"."city""#));
    }
    site.wait_for(COUNTS, "4 1");
    Ok(())
}

#[tokio::test]
async fn invalid_indexes_of_an_interrupted_reindex_are_dropped_and_no_others() -> Result<()> {
    let site = Site::new("leftovers").await?;
    site.sql("CREATE INDEX city_name ON city (name)");
    for name in ["city_name_ccnew", "city_name_ccold1", "city_constant", "country_name_ccnew"] {
        let script = format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON city ((1))");
        SERVER.run("leftovers", &script).expect_err("it is not unique");
    }
    let id = site.post("schema/public/index/city_name/reindex", r#"{"concurrently": true}"#).await?;
    site.bundle.drain().await?;
    assert_eq!(site.operation(&id).await["status"], "done");
    let left = "SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY indexrelid::regclass::text)
                FROM pg_index WHERE indrelid = 'city'::regclass";
    assert_eq!(site.sql(left), "city_constant city_name city_pkey country_name_ccnew");
    Ok(())
}

#[tokio::test]
async fn discovery_describes_the_server() -> Result<()> {
    let site = Site::new("discovered").await?;
    let found = site.bundle.request("GET", "/discover", &[], "").await.json();
    assert_eq!(
        (&found["pg_block_size"], &found["plugins"]),
        (&json!(8_192), &json!(["maintenance"])),
        "{found}"
    );
    assert!(found["pg_version"].as_str().is_some_and(|version| version.starts_with("PostgreSQL ")));
    Ok(())
}
