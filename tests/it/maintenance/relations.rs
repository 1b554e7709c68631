//! What is listed, what is found, and which fields are null.

use anyhow::Result;

use super::{Database, entry, index, names};

/// One relation of every kind, in two schemas.
const KINDS: &str = "
    CREATE SCHEMA shop;
    CREATE TABLE doc (id int PRIMARY KEY, tags text[], body text);
    CREATE INDEX doc_gin ON doc USING gin (tags);
    CREATE INDEX doc_hash ON doc USING hash (body);
    CREATE INDEX doc_brin ON doc USING brin (id);
    CREATE INDEX doc_lower ON doc (lower(body), id DESC);
    CREATE INDEX doc_partial ON doc (id) INCLUDE (body) WHERE id > 10;
    INSERT INTO doc SELECT g, ARRAY['a', 'b' || g], md5(g::text) FROM generate_series(1, 2000) g;
    CREATE TABLE plain (id int, k int);
    CREATE TABLE filled (id int, k text) WITH (fillfactor = 70);
    INSERT INTO filled SELECT g, md5(g::text) FROM generate_series(1, 5000) g;
    CREATE TABLE zero ();
    INSERT INTO zero DEFAULT VALUES;
    CREATE VIEW seen AS SELECT * FROM doc;
    CREATE MATERIALIZED VIEW kept AS SELECT * FROM doc;
    CREATE UNIQUE INDEX kept_id ON kept (id);
    CREATE SEQUENCE counter;
    CREATE TABLE parent (id int, body text) PARTITION BY RANGE (id);
    CREATE INDEX parent_id ON parent (id);
    CREATE TABLE part1 PARTITION OF parent FOR VALUES FROM (0) TO (10);
    CREATE TABLE shop.part2 PARTITION OF parent FOR VALUES FROM (10) TO (20);
    INSERT INTO parent SELECT g, 'x' FROM generate_series(0, 19) g;
    CREATE TABLE shop.doc (id int PRIMARY KEY);
    INSERT INTO shop.doc SELECT generate_series(1, 10);
    ANALYZE doc, plain, filled, zero, kept, parent, shop.doc;
    CREATE TABLE never (id int PRIMARY KEY, body text);
    INSERT INTO never SELECT g, md5(g::text) FROM generate_series(1, 1000) g;
";

#[tokio::test]
async fn a_schema_lists_its_tables_and_all_indexes() -> Result<()> {
    let database = Database::with(KINDS)?;
    let public = database.schema("public").await?;
    assert_eq!(names(&public.tables), ["doc", "filled", "never", "part1", "plain", "zero"]);
    assert_eq!(names(&public.materialized_views), ["kept"]);
    let indexes: Vec<_> =
        public.indexes.iter().map(|index| (index.tablename.as_str(), index.name.as_str())).collect();
    assert_eq!(
        indexes,
        [
            ("doc", "doc_brin"),
            ("doc", "doc_gin"),
            ("doc", "doc_hash"),
            ("doc", "doc_lower"),
            ("doc", "doc_partial"),
            ("doc", "doc_pkey"),
            ("kept", "kept_id"),
            ("never", "never_pkey"),
            ("parent", "parent_id"),
            ("part1", "part1_id_idx"),
        ]
    );
    assert_eq!(entry(&public.tables, "doc").n_indexes, 6);
    for (name, method, columns, estimated) in [
        ("doc_brin", "brin", 1, false),
        ("doc_gin", "gin", 1, false),
        ("doc_hash", "hash", 1, false),
        ("doc_lower", "btree", 2, true),
        ("doc_partial", "btree", 2, true),
        ("never_pkey", "btree", 1, false),
        ("parent_id", "btree", 1, false),
    ] {
        let index = index(&public.indexes, name);
        assert_eq!(
            (index.method.as_str(), index.number_of_columns, index.bloat_bytes.is_some()),
            (method, columns, estimated),
            "{name}"
        );
        assert!(index.is_valid && !index.is_locked);
    }
    let definition = index(&public.indexes, "doc_partial").def.as_deref();
    assert_eq!(
        definition,
        Some("CREATE INDEX doc_partial ON public.doc USING btree (id) INCLUDE (body) WHERE (id > 10)")
    );
    let bytes = database.run(
        "SELECT sum(pg_total_relation_size(quote_ident(tablename)::regclass)) FROM pg_tables
                              WHERE schemaname = 'public'",
    )?;
    assert_eq!(public.total_bytes.map(|bytes| bytes.to_string()), Some(bytes));
    assert_eq!(public.locked_relations, 0);
    Ok(())
}

#[tokio::test]
async fn a_partitioned_table_is_the_sum_of_its_partitions_in_every_schema() -> Result<()> {
    let database = Database::with(KINDS)?;
    let public = database.schema("public").await?;
    let [parent] = &public.partitioned_tables[..] else { panic!("{:?}", public.partitioned_tables) };
    assert_eq!((parent.name.as_str(), parent.n_partitions, parent.n_indexes), ("parent", 2, 1));
    let bytes =
        database.run("SELECT pg_total_relation_size('part1') + pg_total_relation_size('shop.part2')")?;
    assert_eq!(parent.total_bytes.to_string(), bytes);
    Ok(())
}

#[tokio::test]
async fn sizes_are_those_of_the_server() -> Result<()> {
    let database = Database::with(KINDS)?;
    let sizes = database.run(
        "SELECT relname, pg_total_relation_size(oid), pg_indexes_size(oid), coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0),
                pg_table_size(oid) - coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0),
                pg_size_pretty(pg_total_relation_size(oid))
         FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace = 'public'::regnamespace ORDER BY relname",
    )?;
    let public = database.schema("public").await?;
    let mut tables: Vec<_> = public.tables.iter().chain(&public.materialized_views).collect();
    tables.sort_by_key(|table| table.name.clone());
    let reported = tables.into_iter().map(|table| {
        let bytes = [table.total_bytes, table.index_bytes, table.toast_bytes, table.table_bytes];
        let bytes = bytes.map(|bytes| bytes.expect("not locked").to_string()).join("|");
        format!("{}|{bytes}|{}", table.name, table.total_size.as_deref().expect("not locked"))
    });
    assert_eq!(reported.collect::<Vec<_>>(), sizes.lines().collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn what_is_no_table_is_not_found() -> Result<()> {
    let database = Database::with(KINDS)?;
    for (schema, table) in [
        ("public", "nope"),
        ("public", "seen"),
        ("public", "kept"),
        ("public", "counter"),
        ("public", "parent"),
        ("public", "doc_pkey"),
        ("public", "DOC"),
        ("nope", "doc"),
        ("pg_toast", "doc"),
    ] {
        assert_eq!(database.find_table(schema, table).await?, None, "{schema}.{table}");
    }
    for (schema, table) in [("public", "part1"), ("shop", "part2"), ("pg_catalog", "pg_class")] {
        assert!(database.find_table(schema, table).await?.is_some(), "{schema}.{table}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_schema_is_not_found_and_an_empty_one_is_empty() -> Result<()> {
    let database = Database::with(&format!("{KINDS} CREATE SCHEMA empty_schema;"))?;
    for unknown in ["nope", "PUBLIC", "x' OR '1'='1", "", "public\0"] {
        assert_eq!(database.server.schema_report(&database.name, unknown).await?, None, "{unknown:?}");
    }
    for empty in ["empty_schema", "pg_toast"] {
        let report = serde_json::to_value(database.schema(empty).await?)?;
        assert_eq!(report["tables"], serde_json::json!([]), "{empty}");
        assert_eq!(report["indexes"], serde_json::json!([]), "{empty}");
        assert!(report.get("size").is_none() && report.get("total_bytes").is_none(), "{report}");
    }
    for catalog in ["pg_catalog", "information_schema"] {
        let report = database.schema(catalog).await?;
        assert!(report.total_bytes.is_some_and(|bytes| bytes > 0) && !report.tables.is_empty(), "{catalog}");
    }
    Ok(())
}

#[tokio::test]
async fn fields_are_null_where_there_is_nothing_to_report() -> Result<()> {
    let database = Database::with(KINDS)?;
    let public = database.schema("public").await?;

    // Never analysed: no estimate of rows, no bloat, no estimate for its index, which is listed.
    let never = database.table("public", "never").await?;
    let as_json = serde_json::to_string(&never)?;
    assert!(
        as_json.contains("\"row_estimate\":-1.0") && as_json.contains("\"bloat_bytes\":0.0"),
        "{as_json}"
    );
    assert_eq!((never.index_bloat_bytes, never.index_bloat_size.as_deref()), (None, None));
    assert_eq!((never.indexes.len(), never.statistics_age_seconds, never.is_na), (1, None, true));

    // Without an index: no scans to count.
    let plain = database.table("public", "plain").await?;
    assert_eq!((plain.activity.idx_scan, plain.activity.idx_tup_fetch), (None, None));
    assert_eq!((plain.index_bytes, plain.index_size.as_deref()), (Some(0), Some("0 bytes")));
    assert_eq!((plain.index_bloat_bytes, plain.indexes.len()), (None, 0));

    // Without a TOAST table: 0 in the schema's report, null in the table's, as in the original.
    assert_eq!((plain.toast_bytes, plain.toast_size.as_deref()), (None, None));
    let listed = entry(&public.tables, "plain");
    assert_eq!((listed.toast_bytes, listed.toast_size.as_deref()), (Some(0), Some("0 bytes")));

    let zero = database.table("public", "zero").await?;
    assert_eq!((zero.bloat_bytes.0, zero.row_estimate, zero.is_na), (0, 1.0, false));

    let filled = database.table("public", "filled").await?;
    assert_eq!(filled.fillfactor, 70);
    assert!(filled.bloat_bytes.0 <= 3 * 8192, "{:?}", filled.bloat_bytes);
    Ok(())
}

#[tokio::test]
async fn tables_of_one_name_in_two_schemas_are_told_apart() -> Result<()> {
    let database = Database::with(KINDS)?;
    let (one, other) = (database.table("public", "doc").await?, database.table("shop", "doc").await?);
    assert_eq!(
        (one.activity.schemaname.as_str(), one.row_estimate, one.indexes.len()),
        ("public", 2000.0, 6)
    );
    assert_eq!(
        (other.activity.schemaname.as_str(), other.row_estimate, other.indexes.len()),
        ("shop", 10.0, 1)
    );
    assert_ne!(one.activity.relid, other.activity.relid);
    let shop = database.schema("shop").await?;
    assert_eq!(entry(&shop.tables, "doc").n_indexes, 1);
    assert_eq!(
        index(&shop.indexes, "doc_pkey").def.as_deref(),
        Some("CREATE UNIQUE INDEX doc_pkey ON shop.doc USING btree (id)")
    );
    Ok(())
}
