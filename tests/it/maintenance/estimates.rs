//! Estimates of bloat, against the same formulas in SQL.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use local::private_postgres::WORLD;
use maintenance::report::schema::SchemaReport;
use maintenance::server::Server;

use super::Database;

/// The estimate of every ordinary table: `schema.table|bytes`.
const TABLES: &str = "
    SELECT nspname || '.' || relname,
           (greatest(0, pages - ceil(tuples / (8168 * fillfactor / (100 * tuple))) - ceil(toast_tuples / 4)) * 8192)::int8
    FROM (
        SELECT *, 4 + hdr + data + 16
                  - CASE WHEN hdr % 8 = 0 THEN 8 ELSE hdr % 8 END
                  - CASE WHEN ceil(data)::int % 8 = 0 THEN 8 ELSE ceil(data)::int % 8 END AS tuple
        FROM (
            SELECT n.nspname, t.relname, t.reltuples::float8 AS tuples, coalesce(o.reltuples, 0)::float8 AS toast_tuples,
                   t.relpages + coalesce(o.relpages, 0) AS pages,
                   coalesce(substring(t.reloptions::text from 'fillfactor=(\\d+)')::int, 100) AS fillfactor,
                   23 + CASE WHEN coalesce(max(s.stanullfrac), 0) > 0 THEN (7 + count(s.*)) / 8 ELSE 0 END AS hdr,
                   coalesce(sum((1 - s.stanullfrac) * s.stawidth), 0) AS data
            FROM pg_class t
            JOIN pg_namespace n ON n.oid = t.relnamespace
            LEFT JOIN pg_class o ON o.oid = t.reltoastrelid
            LEFT JOIN (pg_statistic s JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum AND NOT a.attisdropped)
                ON s.starelid = t.oid AND NOT s.stainherit
            WHERE t.relkind = 'r' AND n.nspname !~ '^pg_temp'
            GROUP BY t.oid, n.nspname, t.relname, t.reltuples, t.relpages, t.reloptions, o.reltuples, o.relpages
        ) AS inputs
    ) AS widths";

/// The estimate of every btree that has one: `schema.index|bytes`.
const INDEXES: &str = "
    SELECT nspname || '.' || relname,
           (greatest(0, relpages - 1 - ceil(reltuples / floor(8152 * fillfactor / (100 * (12 + padded))))) * 8192)::int8
    FROM (
        SELECT *, data + 8 - CASE WHEN data = 0 THEN 0 WHEN data::int % 8 = 0 THEN 8 ELSE data::int % 8 END AS padded
        FROM (
            SELECT n.nspname, c.relname, c.relpages, c.reltuples::float8,
                   coalesce(substring(c.reloptions::text from 'fillfactor=(\\d+)')::int, 90) AS fillfactor,
                   sum((1 - s.stanullfrac) * s.stawidth) AS data
            FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN generate_series(0, i.indnatts - 1) AS k
            JOIN pg_statistic s ON NOT s.stainherit
                AND s.starelid = CASE WHEN i.indkey[k] = 0 THEN i.indexrelid ELSE i.indrelid END
                AND s.staattnum = CASE WHEN i.indkey[k] = 0 THEN k + 1 ELSE i.indkey[k] END
            WHERE c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree') AND c.relpages > 0
              AND n.nspname !~ '^pg_(toast|temp)'
            GROUP BY n.nspname, c.oid, c.relname, c.relpages, c.reltuples, c.reloptions
        ) AS inputs
    ) AS widths";

/// Tables and indexes that waste space in different ways, with all widths and shares of nulls.
const BLOATED: &str = "
    CREATE SCHEMA bloat;
    SELECT format('CREATE TABLE bloat.t%1$s (id int PRIMARY KEY, a text, b numeric, c name, d timestamptz, e bool, f text)
                   WITH (fillfactor = %2$s)', i, 100 - i * 3) FROM generate_series(1, 12) AS i \\gexec
    SELECT format('INSERT INTO bloat.t%1$s SELECT g, repeat(md5(g::text), %1$s), nullif(g %% %1$s, 0) * 1.5, ''n'' || g,
                   CASE WHEN g %% 3 > 0 THEN now() END, NULL, CASE WHEN g %% 5 = 0 THEN repeat(''x'', g %% 4000) END
                   FROM generate_series(1, %1$s * 137) AS g', i) FROM generate_series(1, 12) AS i \\gexec
    SELECT format('CREATE INDEX t%1$s_a ON bloat.t%1$s (lower(a), b) WITH (fillfactor = %2$s)', i, 95 - i * 5),
           format('CREATE INDEX t%1$s_c ON bloat.t%1$s (c, d, e) INCLUDE (f)', i),
           format('CREATE INDEX t%1$s_e ON bloat.t%1$s (e)', i) FROM generate_series(1, 12) AS i \\gexec
    SELECT format('DELETE FROM bloat.t%1$s WHERE id %% %1$s > 0', i) FROM generate_series(2, 12, 2) AS i \\gexec
    CREATE TABLE bloat.inherits_nothing (id int PRIMARY KEY, gone text, kept text);
    INSERT INTO bloat.inherits_nothing SELECT g, md5(g::text), 'k' FROM generate_series(1, 900) AS g;
    VACUUM ANALYZE;
    ALTER TABLE bloat.inherits_nothing DROP COLUMN gone;
    ALTER TABLE bloat.t3 ADD COLUMN later text;
    CREATE TABLE bloat.above (id int PRIMARY KEY, body text);
    CREATE TABLE bloat.below (PRIMARY KEY (id)) INHERITS (bloat.above);
    INSERT INTO bloat.above SELECT g, 'above' FROM generate_series(1, 500) AS g;
    INSERT INTO bloat.below SELECT g, repeat('below', 20) FROM generate_series(1, 3000) AS g;
    ANALYZE bloat.above;
    ANALYZE bloat.below;
";

fn numbers(lines: &str) -> BTreeMap<String, i64> {
    let numbers = lines.lines().filter_map(|line| line.rsplit_once('|'));
    numbers.map(|(name, bytes)| (name.to_owned(), bytes.parse().expect("a number"))).collect()
}

#[tokio::test]
async fn every_estimate_agrees_with_the_formula_to_the_byte() -> Result<()> {
    let database = Database::with(&format!("{WORLD} {BLOATED}"))?;
    let (mut tables, mut indexes) = (BTreeMap::new(), BTreeMap::new());
    let report = database.server.database_report(&database.name).await?.context("it is there")?;
    for totals in &report.schemas {
        let schema = database.schema(&totals.name).await?;
        let of_tables =
            schema.tables.iter().map(|table| table.bloat_bytes.0).reduce(|sum, bytes| sum + bytes);
        assert_eq!(totals.tables_bloat_bytes.map(|bytes| bytes.0), of_tables, "{}", totals.name);
        for table in schema.tables {
            tables.insert(format!("{}.{}", totals.name, table.name), table.bloat_bytes.0);
        }
        for index in schema.indexes {
            if let Some(bloat) = index.bloat_bytes {
                indexes.insert(format!("{}.{}", totals.name, index.name), bloat.0);
            }
        }
    }
    let (expected_tables, expected_indexes) =
        (numbers(&database.run(TABLES)?), numbers(&database.run(INDEXES)?));
    assert!(expected_tables.values().filter(|bytes| **bytes > 0).count() > 10, "{expected_tables:?}");
    assert!(expected_indexes.values().filter(|bytes| **bytes > 0).count() > 10, "{expected_indexes:?}");
    assert_eq!(tables, expected_tables);
    assert_eq!(indexes, expected_indexes);
    assert_eq!(indexes["public.city_pkey"], 8192);

    // Who is no superuser reads the view, and gets the same.
    let reader = reader(&database)?;
    let by_reader = reader.database_report(&database.name).await?.context("it is there")?;
    assert_eq!(by_reader.schemas, report.schemas);
    let bloat = |schema: &SchemaReport| {
        let of_tables =
            schema.tables.iter().map(|table| (table.bloat_bytes, table.index_bloat_bytes, table.is_na));
        let of_indexes = schema.indexes.iter().map(|index| (index.bloat_bytes, index.is_na));
        (of_tables.collect::<Vec<_>>(), of_indexes.collect::<Vec<_>>())
    };
    let by_reader = reader.schema_report(&database.name, "bloat").await?.context("it is there")?;
    assert_eq!(bloat(&by_reader), bloat(&database.schema("bloat").await?));
    for table in ["t1", "t3", "t12"] {
        let by_reader = reader.table_report(&database.name, "bloat", table).await?.context("it is there")?;
        let expected = database.table("bloat", table).await?;
        assert_eq!(by_reader.bloat_bytes, expected.bloat_bytes);
        assert_eq!(by_reader.index_bloat_bytes, expected.index_bloat_bytes);
    }
    Ok(())
}

/// The server as a user sees it who owns nothing, and may read all data.
fn reader(database: &Database) -> Result<Server> {
    let user = format!("reader-{}", database.name);
    database
        .run(&format!("CREATE ROLE \"{user}\" LOGIN PASSWORD 'p'; GRANT pg_read_all_data TO \"{user}\""))?;
    let url = super::CLUSTER.url(&database.name);
    let (_, host) = url.split_once('@').context("a host")?;
    super::server(&format!("postgres://{user}:p@{host}"))
}

#[tokio::test]
async fn a_user_without_rights_gets_the_sizes_and_unreliable_estimates() -> Result<()> {
    let database = Database::with(WORLD)?;
    let user = format!("user {}", database.name);
    database.run(&format!("CREATE ROLE \"{user}\" LOGIN PASSWORD 'pass word'"))?;
    let url = super::CLUSTER.url(&database.name);
    let (_, host) = url.split_once('@').context("a host")?;
    let user = user.replace(' ', "%20");
    let server = super::server(&format!("postgres://{user}:pass%20word@{host}"))?;
    let public = server.schema_report(&database.name, "public").await?.context("it is there")?;
    let city = super::entry(&public.tables, "city");
    assert_eq!((city.total_bytes, city.is_na), (Some(385_024), true));
    assert_eq!(city.index_bloat_bytes, None);
    database.run(&format!("GRANT pg_read_all_data TO \"{}\"", user.replace("%20", " ")))?;
    let public = server.schema_report(&database.name, "public").await?.context("it is there")?;
    let city = super::entry(&public.tables, "city");
    assert_eq!(
        (city.bloat_bytes.0, city.index_bloat_bytes.map(|bytes| bytes.0), city.is_na),
        (16_384, Some(8192), false)
    );
    Ok(())
}
