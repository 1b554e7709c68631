//! Authentication and bodies: cases 1 to 12 and 33 to 40.

use anyhow::Result;
use serde_json::json;

use super::{Auth, Edges};

const LIST: (&str, &str, &str) = ("GET", "/vacuum/scheduled", "");
const NO_SESSION: &str = "Parameter 'X-Session' is malformed.";

pub async fn authentication(edges: &Edges) -> Result<()> {
    let session = Auth::Session(&edges.session);
    edges.check(1, Auth::None, LIST, 406, NO_SESSION).await;
    let (short, long, upper, letter) = ("a".repeat(63), "a".repeat(65), "A".repeat(64), "g".repeat(64));
    for malformed in ["abc", &short, &long, &upper, &letter] {
        edges.check(2, Auth::Session(malformed), LIST, 406, NO_SESSION).await;
    }
    edges.check(3, Auth::Session(&"a".repeat(64)), LIST, 401, "Invalid session.").await;
    let second = edges.login().await?;
    assert_ne!(second, edges.session);
    edges.check(4, session, LIST, 200, "").await;
    edges.check(4, Auth::Session(&second), LIST, 200, "").await;
    let with = |query: &str| format!("/vacuum/scheduled{query}");
    edges.check(5, Auth::None, ("GET", &with("?key=the+first+secret"), ""), 200, "").await;
    edges.check(6, session, ("GET", &with("?key=bad"), ""), 401, "Invalid key").await;
    edges.check(7, Auth::None, ("GET", &with("?key="), ""), 406, NO_SESSION).await;
    // The document lists the key for every method.
    let table = "/edges/schema/public/table/city/vacuum?key=the+first+secret";
    edges.check(8, Auth::None, ("POST", table, r#"{"datetime": "2035-03-01T00:00:00Z"}"#), 200, "").await;
    edges.check(9, Auth::None, ("GET", "/a/b/c/d", ""), 404, "URL not found.").await;
    edges.check(10, Auth::None, ("POST", "/edges/vacuum", "{oops"), 406, NO_SESSION).await;
    Ok(())
}

const VACUUM: &str = "/edges/schema/public/table/city/vacuum";
const ANALYZE: &str = "/edges/schema/public/table/city/analyze";
const BAD_DATETIME: &str = "Parameter 'datetime' is malformed.";
const BAD_MODE: &str = "Parameter 'mode' is malformed.";

pub async fn bodies(edges: &Edges) {
    let check = async |case, path: &str, body: &str, status, error: &str| {
        edges.check(case, Auth::Key, ("POST", path, body), status, error).await;
    };
    check(11, ANALYZE, "", 200, "").await;
    check(11, ANALYZE, "{oops", 400, "Invalid json format").await;
    for body in ["null", "[]", "1"] {
        check(12, ANALYZE, body, 400, "Invalid json format").await;
    }
    for mode in ["full,analyze", "analyze,full", "full,full"] {
        let body = json!({"mode": mode, "datetime": "2035-03-01T00:00:00Z"}).to_string();
        check(33, VACUUM, &body, 200, "").await;
    }
    for mode in [
        json!("FULL"),
        json!(""),
        json!(null),
        json!(1),
        json!(["full"]),
        json!("full,"),
        json!("full, analyze"),
        json!("full freeze"),
    ] {
        check(34, VACUUM, &json!({"mode": mode}).to_string(), 406, BAD_MODE).await;
    }
    check(35, VACUUM, r#"{"mode": ",full"}"#, 406, BAD_MODE).await;
    for datetime in [
        json!("2031-01-02T03:04:05"),
        json!("2031-01-02T03:04:05+00:00"),
        json!("2031-01-02T03:04:05.5Z"),
        json!("2031-01-02 03:04:05Z"),
        json!("2031-01-02t03:04:05z"),
        json!(null),
        json!(12),
        json!(""),
    ] {
        check(36, ANALYZE, &json!({"datetime": datetime}).to_string(), 406, BAD_DATETIME).await;
    }
    for datetime in [
        "2031-13-02T03:04:05Z",
        "2031-02-30T03:04:05Z",
        "2031-01-02T24:00:00Z",
        "2031-01-02T03:04:60Z",
        "0000-01-02T03:04:05Z",
    ] {
        check(37, ANALYZE, &json!({"datetime": datetime}).to_string(), 406, BAD_DATETIME).await;
    }
    let past =
        edges.post("/edges/schema/public/table/v1/analyze", r#"{"datetime": "2001-01-01T00:00:00Z"}"#).await;
    edges.run(&past).await.expect("it runs at once");
    let listed = edges.get("/edges/schema/public/table/v1/analyze/scheduled").await;
    assert_eq!(
        (&listed[0]["datetime"], &listed[0]["status"]),
        (&json!("2001-01-01T00:00:00Z"), &json!("done"))
    );
    edges.done(38);
    check(39, VACUUM, r#"{"mode": "x", "datetime": "x"}"#, 406, BAD_DATETIME).await;
    check(40, "/edges/schema/public/table/nope/vacuum", r#"{"mode": "x"}"#, 406, BAD_MODE).await;
}
