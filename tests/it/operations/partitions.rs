//! VACUUM and ANALYZE of partitioned tables.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Site, ask};

/// How often each relation of the tree was vacuumed and analyzed, and whether the planner has statistics of the root.
const COUNTS: &str = "
SELECT string_agg(relname || ' ' || pg_stat_get_vacuum_count(oid) || ' ' || pg_stat_get_analyze_count(oid), ', '
                  ORDER BY relname)
FROM pg_class WHERE relname LIKE 'part%' AND relkind IN ('r', 'p')";
const ROOT_STATISTICS: &str = "SELECT count(*) FROM pg_stats WHERE tablename = 'part' AND inherited";

async fn done(site: &Site, path: &str, body: &str) -> Result<Value> {
    let id = site.post(path, body).await?;
    site.bundle.drain().await?;
    let done = site.operation(&id).await;
    assert_eq!((&done["status"], &done["error"]), (&json!("done"), &Value::Null), "{path}: {done}");
    Ok(done)
}

#[tokio::test]
async fn vacuum_with_analyze_analyzes_the_root_after_its_partitions() -> Result<()> {
    let site = Site::new("parted").await?;
    site.sql("INSERT INTO part SELECT generate_series(0, 19)");
    let path = "/maintenance/parted/schema/public/table/part/vacuum";
    let plan = ask(&site.bundle, "POST", path, r#"{"mode": "analyze", "dry_run": true}"#).await.json();
    let statements =
        [r#"VACUUM "public"."part_1""#, r#"VACUUM "public"."part_2""#, r#"ANALYZE "public"."part""#];
    assert_eq!(plan["statements"], json!(statements));

    let operation = done(&site, "schema/public/table/part/vacuum", r#"{"mode": "analyze"}"#).await?;
    assert_eq!(operation["relations"], 3);
    site.wait_for(COUNTS, "part 0 1, part_1 1 1, part_2 1 1");
    assert_eq!(site.sql(ROOT_STATISTICS), "1");
    done(&site, "schema/public/table/part/vacuum", "").await?;
    site.wait_for(COUNTS, "part 0 1, part_1 2 1, part_2 2 1");
    done(&site, "schema/public/table/part_1/vacuum", r#"{"mode": "full,analyze"}"#).await?;
    site.wait_for(COUNTS, "part 0 1, part_1 2 2, part_2 2 1");
    Ok(())
}

#[tokio::test]
async fn every_partition_is_analyzed_once_with_its_database_or_schema() -> Result<()> {
    let site = Site::new("parted_all").await?;
    site.sql("INSERT INTO part SELECT generate_series(0, 19)");
    done(&site, "vacuum", r#"{"mode": "analyze"}"#).await?;
    site.wait_for(COUNTS, "part 0 1, part_1 1 1, part_2 1 1");
    done(&site, "schema/public/vacuum", r#"{"mode": "analyze"}"#).await?;
    site.wait_for(COUNTS, "part 0 2, part_1 2 2, part_2 2 2");
    done(&site, "schema/public/analyze", "").await?;
    site.wait_for(COUNTS, "part 0 3, part_1 2 3, part_2 2 3");
    done(&site, "analyze", "").await?;
    site.wait_for(COUNTS, "part 0 4, part_1 2 4, part_2 2 4");
    done(&site, "schema/public/table/part/analyze", "").await?;
    site.wait_for(COUNTS, "part 0 5, part_1 2 5, part_2 2 5");
    Ok(())
}

#[tokio::test]
async fn partition_of_a_root_in_another_schema_is_analyzed_with_its_own() -> Result<()> {
    let site = Site::new("parted_apart").await?;
    site.sql(
        "CREATE SCHEMA apart;
         CREATE TABLE apart.part_3 PARTITION OF part FOR VALUES FROM (20) TO (30);
         INSERT INTO part SELECT generate_series(0, 29)",
    );
    done(&site, "schema/apart/vacuum", r#"{"mode": "analyze"}"#).await?;
    site.wait_for(COUNTS, "part 0 0, part_1 0 0, part_2 0 0, part_3 1 1");
    done(&site, "schema/apart/analyze", "").await?;
    site.wait_for(COUNTS, "part 0 0, part_1 0 0, part_2 0 0, part_3 1 2");
    Ok(())
}
