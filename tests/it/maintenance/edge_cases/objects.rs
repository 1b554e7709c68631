//! Databases, schemas and tables in reports: cases 13 to 32 and 56 to 58.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Auth, Edges, STACKED};
use crate::operations::disturbances::Lock;

pub async fn databases_and_schemas(edges: &Edges) {
    let check = async |case, path: &str, status, error: &str| {
        edges.check(case, Auth::Key, ("GET", path, ""), status, error).await;
    };
    check(13, "/nodb", 404, "Database nodb not found").await;
    check(14, "/template0", 409, "database \"template0\" does not accept connections").await;
    check(15, "/template1", 200, "").await;
    let report = edges.get("").await;
    let closed =
        report["databases"].as_array().into_iter().flatten().find(|row| row["datname"] == "edges_closed");
    let closed = closed.unwrap_or_else(|| panic!("{report}"));
    assert!(closed["total_bytes"].is_number() && closed["n_tables"].is_null(), "{closed}");
    edges.done(16);
    check(17, "/edges/schema/nope", 404, "Schema nope not found").await;
    for (case, schema) in [(17, "empty_schema"), (18, "pg_toast")] {
        let report = edges.get(&format!("/edges/schema/{schema}")).await;
        assert_eq!((&report["tables"], &report["indexes"]), (&json!([]), &json!([])), "{schema}");
        assert!(report.get("size").is_none() && report.get("total_bytes").is_none(), "{schema}: {report}");
        edges.done(case);
    }
    for catalog in ["pg_catalog", "information_schema"] {
        let report = edges.get(&format!("/edges/schema/{catalog}")).await;
        assert!(report["tables"].as_array().is_some_and(|tables| !tables.is_empty()), "{catalog}");
        edges.done(19);
    }
    check(57, "/edges/schema/x'%20OR%20'1'='1", 404, "Schema x' OR '1'='1 not found").await;
}

pub async fn tables(edges: &Edges) {
    let table = |name: &str| format!("/edges/schema/public/table/{name}");
    let missing = async |case, path: &str, name: &str| {
        let error = format!("Table public.{name} not found");
        edges.check(case, Auth::Key, ("GET", &table(path), ""), 404, &error).await;
    };
    for name in ["nope", "seen", "kept", "counter", "part", "city_pkey"] {
        missing(20, name, name).await;
    }
    for (case, path, name) in [
        (21, "part_1", "part_1"),
        (22, "My%20Table", "My Table"),
        (23, "it%27s", "it's"),
        (24, "a%22b", "a\"b"),
        (24, "per%25cent", "per%cent"),
        (24, "br%7Bace%7D", "br{ace}"),
        (24, "select", "select"),
        (24, "sl%2Fash", "sl/ash"),
        (24, "pl%2Bus", "pl+us"),
        (24, "%C3%A9t%C3%A9_%E8%A1%A8", "été_表"),
        (25, "Upper", "Upper"),
    ] {
        assert_eq!(edges.get(&table(path)).await["name"], name, "{path}");
        edges.done(case);
    }
    // A plus sign is a plus sign.
    missing(22, "My+Table", "My+Table").await;
    missing(25, "upper", "upper").await;
    let long = table(&"x".repeat(64));
    edges.check(26, Auth::Key, ("GET", &long, ""), 404, "URL not found.").await;
    missing(58, "city'%20OR%20'a'='a", "city' OR 'a'='a").await;
    missing(STACKED, "x'%3B%20DROP%20TABLE%20public.v1%3B%20--", "x'; DROP TABLE public.v1; --").await;
    assert_eq!(edges.get(&table("v1")).await["name"], "v1", "it is still there");
}

pub async fn fields(edges: &Edges) {
    let table = async |path: &str| edges.get(&format!("/edges/schema/{path}")).await;
    let zero = table("public/table/zero").await;
    assert_eq!(zero["bloat_bytes"], json!(0.0));
    edges.done(27);
    let never = table("public/table/never").await;
    assert_eq!((&never["row_estimate"], &never["bloat_bytes"]), (&json!(-1.0), &json!(0.0)), "{never}");
    assert_eq!(
        (&never["index_bloat_bytes"], &never["indexes"][0]["name"]),
        (&Value::Null, &json!("never_pkey"))
    );
    assert_eq!(never["indexes"][0]["bloat_bytes"], Value::Null, "{never}");
    edges.done(28);
    let plain = table("public/table/plain").await;
    assert_eq!((&plain["idx_scan"], &plain["index_bytes"]), (&Value::Null, &json!(0)), "{plain}");
    assert_eq!((&plain["index_size"], &plain["index_bloat_bytes"]), (&json!("0 bytes"), &Value::Null));
    edges.done(29);
    let public = table("public").await;
    let listed = public["tables"].as_array().into_iter().flatten().find(|table| table["name"] == "plain");
    let listed = listed.unwrap_or_else(|| panic!("{public}"));
    assert_eq!((&listed["toast_bytes"], &listed["toast_size"]), (&json!(0), &json!("0 bytes")));
    assert_eq!((&plain["toast_bytes"], &plain["toast_size"]), (&Value::Null, &Value::Null));
    edges.done(30);
    let filled = table("public/table/filled").await;
    assert_eq!(filled["fillfactor"], 70);
    assert!(filled["bloat_bytes"].as_f64().is_some_and(|bytes| bytes <= 3.0 * 8192.0), "{filled}");
    edges.done(31);
    for (schema, rows, indexes) in [("public", 100.0, 1), ("other", 10.0, 2)] {
        let same = table(&format!("{schema}/table/same")).await;
        assert_eq!((&same["schemaname"], &same["row_estimate"]), (&json!(schema), &json!(rows)), "{same}");
        assert_eq!(same["indexes"].as_array().map(Vec::len), Some(indexes), "{same}");
    }
    edges.done(32);
}

pub async fn locked(edges: &Edges) -> Result<()> {
    let lock = Lock::new(&edges.site)?;
    let report = edges.get("/edges/schema/public/table/city").await;
    assert_eq!((&report["total_bytes"], &report["is_locked"]), (&Value::Null, &json!(true)), "{report}");
    let schema = edges.get("/edges/schema/public").await;
    assert_eq!(schema["locked_relations"], 1, "{schema}");
    edges.done(56);
    drop(lock);
    Ok(())
}
