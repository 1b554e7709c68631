//! The documented answers, on a database with the documented tables.

use anyhow::{Context, Result};
use local::private_postgres::WORLD;
use serde_json::{Value, json};

use super::{CLUSTER, Database};

/// The fields of `documented` with the values that `actual` has for them.
fn documented_fields(actual: &Value, documented: &Value) -> Value {
    match (actual, documented) {
        (Value::Object(actual), Value::Object(documented)) => {
            let fields = documented.iter().map(|(name, value)| {
                let actual = actual.get(name).unwrap_or_else(|| panic!("no field {name}"));
                (name.clone(), documented_fields(actual, value))
            });
            Value::Object(fields.collect())
        }
        (Value::Array(actual), Value::Array(documented)) if actual.len() == documented.len() => actual
            .iter()
            .zip(documented)
            .map(|(actual, documented)| documented_fields(actual, documented))
            .collect(),
        (actual, _) => actual.clone(),
    }
}

fn city_pkey() -> Value {
    json!({
        "bloat_bytes": 8192.0, "bloat_size": "8192 bytes",
        "def": "CREATE UNIQUE INDEX city_pkey ON public.city USING btree (id)",
        "idx_tup_fetch": 0, "idx_tup_read": 0, "indexrelname": "city_pkey", "indisunique": true, "name": "city_pkey",
        "number_of_columns": 1, "scans": 0, "tablename": "city", "tablespace": null, "total_bytes": 114_688,
        "total_size": "112 kB", "type": "btree",
    })
}

fn country_pkey() -> Value {
    json!({
        "bloat_bytes": 0.0, "bloat_size": "0 bytes",
        "def": "CREATE UNIQUE INDEX country_pkey ON public.country USING btree (code)",
        "idx_tup_fetch": 0, "idx_tup_read": 0, "indexrelname": "country_pkey", "indisunique": true,
        "name": "country_pkey", "number_of_columns": 1, "scans": 0, "tablename": "country", "tablespace": null,
        "total_bytes": 16_384, "total_size": "16 kB", "type": "btree",
    })
}

fn countrylanguage_pkey() -> Value {
    json!({
        "bloat_bytes": 8192.0, "bloat_size": "8192 bytes",
        "def": "CREATE UNIQUE INDEX countrylanguage_pkey ON public.countrylanguage USING btree (countrycode, language)",
        "idx_tup_fetch": 0, "idx_tup_read": 0, "indexrelname": "countrylanguage_pkey", "indisunique": true,
        "name": "countrylanguage_pkey", "number_of_columns": 2, "scans": 0, "tablename": "countrylanguage",
        "tablespace": null, "total_bytes": 49_152, "total_size": "48 kB", "type": "btree",
    })
}

// The documented example response of GET /maintenance/<database_name>/schema/<schema_name>.
#[tokio::test]
async fn the_schema_of_the_sample_is_reported_to_the_byte() -> Result<()> {
    let world = Database::with(WORLD)?;
    let documented = json!({
        "indexes": [city_pkey(), country_pkey(), countrylanguage_pkey()],
        "size": "544 kB",
        "tables": [
            {
                "bloat_bytes": 16384.0, "bloat_size": "16 kB", "index_bloat_bytes": 8192.0,
                "index_bloat_size": "8192 bytes", "index_bytes": 114_688, "index_size": "112 kB", "n_indexes": 1,
                "name": "city", "row_estimate": 4079.0, "table_bytes": 262_144, "table_size": "256 kB",
                "toast_bytes": 8192, "toast_size": "8192 bytes", "total_bytes": 385_024, "total_size": "376 kB",
            },
            {
                "bloat_bytes": 0.0, "bloat_size": "0 bytes", "index_bloat_bytes": 0.0, "index_bloat_size": "0 bytes",
                "index_bytes": 16_384, "index_size": "16 kB", "n_indexes": 1, "name": "country",
                "row_estimate": 239.0, "table_bytes": 40_960, "table_size": "40 kB", "toast_bytes": 8192,
                "toast_size": "8192 bytes", "total_bytes": 65_536, "total_size": "64 kB",
            },
            {
                "bloat_bytes": 0.0, "bloat_size": "0 bytes", "index_bloat_bytes": 8192.0,
                "index_bloat_size": "8192 bytes", "index_bytes": 49_152, "index_size": "48 kB", "n_indexes": 1,
                "name": "countrylanguage", "row_estimate": 984.0, "table_bytes": 49_152, "table_size": "48 kB",
                "toast_bytes": 8192, "toast_size": "8192 bytes", "total_bytes": 106_496, "total_size": "104 kB",
            },
        ],
        "total_bytes": 557_056,
    });
    let report = serde_json::to_value(world.schema("public").await?)?;
    assert_eq!(documented_fields(&report, &documented), documented);
    let text = serde_json::to_string(&report)?;
    assert!(text.contains("\"row_estimate\":4079.0") && text.contains("\"total_bytes\":557056"), "{text}");
    Ok(())
}

// The documented example response of GET /maintenance/<database_name>/schema/<schema_name>/table/<table_name>.
#[tokio::test]
async fn a_table_of_the_sample_has_every_documented_field() -> Result<()> {
    let world = Database::with(WORLD)?;
    let oid = world.run("SELECT 'country'::regclass::oid")?;
    let documented = json!({
        "analyze_count": 1, "autoanalyze_count": 0, "autovacuum_count": 0, "bloat_bytes": 0.0,
        "bloat_size": "0 bytes", "fillfactor": 100, "idx_scan": 0, "idx_tup_fetch": 0, "index_bloat_bytes": 0.0,
        "index_bloat_size": "0 bytes", "index_bytes": 16_384, "index_size": "16 kB", "indexes": [country_pkey()],
        "last_autoanalyze": null, "last_autovacuum": null, "last_vacuum": null, "n_dead_tup": 0, "n_live_tup": 239,
        "n_mod_since_analyze": 0, "n_tup_del": 0, "n_tup_hot_upd": 0, "n_tup_ins": 239, "n_tup_upd": 0,
        "name": "country", "relid": oid, "relname": "country", "row_estimate": 239.0, "schemaname": "public",
        "table_bytes": 40_960, "table_size": "40 kB", "toast_bytes": 8192, "toast_size": "8192 bytes",
        "total_bytes": 65_536, "total_size": "64 kB", "vacuum_count": 0,
    });
    // The counters of a session arrive when it ends; the analysis resets those of rows, whichever is later.
    let mut report = world.table("public", "country").await?;
    assert!(report.activity.seq_scan.is_some() && report.activity.seq_tup_read.is_some());
    let analysed = report.activity.last_analyze.clone().context("it was analysed")?;
    assert_eq!(analysed.get(10..11), Some(" "), "{analysed}");
    assert!(analysed.ends_with("+00"), "{analysed}");
    let asked = "SET timezone = 'UTC'; SELECT last_analyze FROM pg_stat_all_tables WHERE relname = 'country'";
    assert_eq!(analysed, world.run(asked)?);
    assert!(report.statistics_age_seconds.is_some_and(|age| (0..60).contains(&age)));
    assert!(report.activity.newer.contains_key("n_ins_since_vacuum"), "{:?}", report.activity.newer);
    assert_eq!(report.progress, []);
    report.activity.n_live_tup = Some(239);
    report.activity.n_mod_since_analyze = Some(0);
    let report = serde_json::to_value(report)?;
    assert_eq!(documented_fields(&report, &documented), documented);
    Ok(())
}

#[tokio::test]
async fn the_database_of_the_sample_is_the_sum_of_its_schemas() -> Result<()> {
    let world = Database::with(WORLD)?;
    world.run("CREATE SCHEMA empty_schema; CREATE TEMPORARY TABLE hidden (id int)")?;
    let report = world.server.database_report(&world.name).await?.context("it is there")?;
    assert_eq!(report.total_bytes.to_string(), world.run("SELECT pg_database_size(current_database())")?);
    let names: Vec<&str> = report.schemas.iter().map(|schema| schema.name.as_str()).collect();
    assert_eq!(names, ["empty_schema", "information_schema", "pg_catalog", "public"]);

    let public = serde_json::to_value(&report.schemas[3])?;
    // The documented example response of GET /maintenance/<database_name>.
    let documented = json!({
        "indexes_bloat_bytes": 16384.0, "indexes_bloat_size": "16 kB", "indexes_bytes": 180_224,
        "indexes_size": "176 kB", "n_indexes": 3, "n_tables": 3, "name": "public", "tables_bloat_bytes": 16384.0,
        "tables_bloat_size": "16 kB", "tables_bytes": 352_256, "tables_size": "344 kB", "toast_bytes": 24576.0,
        "toast_size": "24 kB", "total_bytes": 557_056, "total_size": "544 kB",
    });
    assert_eq!(documented_fields(&public, &documented), documented);
    let empty = serde_json::to_value(&report.schemas[0])?;
    let documented = json!({
        "name": "empty_schema", "total_bytes": 0, "total_size": null, "n_tables": 0, "tables_bytes": 0,
        "tables_size": null, "n_indexes": 0, "indexes_bytes": 0, "indexes_size": null, "tables_bloat_bytes": null,
        "tables_bloat_size": null, "indexes_bloat_bytes": null, "indexes_bloat_size": null, "toast_bytes": 0.0,
        "toast_size": null,
    });
    assert_eq!(documented_fields(&empty, &documented), documented);
    Ok(())
}

#[tokio::test]
async fn the_server_is_the_sum_of_its_databases() -> Result<()> {
    let world = Database::with(WORLD)?;
    let report = world.server.instance_report().await?;
    let names: Vec<&str> = report.databases.iter().map(|database| database.datname.as_str()).collect();
    assert!(names.contains(&world.name.as_str()) && names.contains(&"postgres"), "{names:?}");
    assert!(!names.contains(&"template1"), "{names:?}");
    assert!(names.is_sorted(), "{names:?}");
    let bytes: i64 = report.databases.iter().filter_map(|database| database.total_bytes).sum();
    assert_eq!(report.instance.total_bytes.0, bytes);

    let totals =
        report.databases.iter().find(|database| database.datname == world.name).context("it is listed")?;
    let details = world.server.database_report(&world.name).await?.context("it is there")?;
    let sum = |field: fn(&maintenance::report::database::SchemaTotals) -> i64| -> Option<i64> {
        Some(details.schemas.iter().map(field).sum())
    };
    assert_eq!(totals.schemas.n_tables.map(|number| number.0), sum(|schema| schema.n_tables));
    assert_eq!(totals.schemas.indexes_bytes.map(|number| number.0), sum(|schema| schema.indexes_bytes));
    assert_eq!(totals.schemas.toast_bytes.map(|number| number.0), sum(|schema| schema.toast_bytes.0));
    assert_eq!(totals.error, None);
    let tables = CLUSTER.run(&world.name, "SELECT count(*) FROM pg_tables")?;
    assert_eq!(totals.schemas.n_tables.map(|number| number.0.to_string()), Some(tables));
    let json = serde_json::to_value(totals)?;
    for field in
        ["datname", "total_bytes", "total_size", "n_tables", "tables_bloat_size", "toast_bytes", "toast_size"]
    {
        assert!(!json[field].is_null(), "{field}: {json}");
    }
    assert!(json["n_tables"].is_f64() && json["total_bytes"].is_i64(), "{json}");
    Ok(())
}
