//! Lists: filters, order and pages.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::json;

use super::{Client, failed, power_cuts_but, start};

const EMPTY: [&str; 0] = [];

#[tokio::test]
async fn report_filter_is_exact() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    for report in ["Critical", "a b/ü+c"] {
        client.submit(&power_cuts_but(&json!({"report": report}))).await?;
    }
    assert_eq!(client.request("GET", "/recomputations?report=unused", "").await.body, r#"{"root":[]}"#);
    assert_eq!(client.list("?report=Critical").await, ["Critical"]);
    assert_eq!(client.list("?report=critical").await, EMPTY);
    assert_eq!(client.list("?report=Critical&report=b").await, ["Critical"]);
    assert_eq!(client.list("?report=").await.len(), 2);
    assert_eq!(client.list("?report=a%20b%2F%C3%BC%2Bc").await, ["a b/ü+c"]);
    assert_eq!(client.list("?unknown=x").await.len(), 2);
    Ok(())
}

#[tokio::test]
async fn date_filter_finds_requests_that_cover_the_day() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    client.submit(&power_cuts_but(&json!({}))).await?;
    for (date, expected) in [
        ("2015-01-09", 0),
        ("2015-01-10", 1),
        ("2015-01-20", 1),
        ("2015-01-30", 1),
        ("2015-01-31", 0),
        ("", 1),
    ] {
        assert_eq!(client.list(&format!("?date={date}")).await.len(), expected, "{date}");
    }
    assert_eq!(client.list("?date=2015-01-20&report=Other").await, EMPTY);
    for wrong in ["2020-03-303", "2015-02-30", "2015-1-05", "today", "2015-01-20%20"] {
        let reply = client.request("GET", &format!("/recomputations?date={wrong}"), "").await;
        let details = "date argument should be in the YYYY-MM-DD format".to_owned();
        assert_eq!(failed(&reply), (400, "Bad Request".to_owned(), details), "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn status_filter_finds_approved_requests() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    client.submit(&power_cuts_but(&json!({"report": "A"}))).await?;
    let approved = client.submit(&power_cuts_but(&json!({"report": "B"}))).await?;
    client.set_status(&approved, "approved").await;
    assert_eq!(client.list("?status=approved").await, ["B"]);
    assert_eq!(client.list("?status=pending").await, ["A"]);
    assert_eq!(client.request("GET", "/recomputations?status=Approved", "").await.status, 400);
    Ok(())
}

#[tokio::test]
async fn requests_are_listed_and_paged_in_order_of_submission() -> Result<()> {
    let bundle = start().await?;
    let client = Client::new(&bundle);
    let names = ["e", "a", "d", "b", "c"];
    for name in names {
        client.submit(&power_cuts_but(&json!({"report": name}))).await?;
        bundle.advance(TimeDelta::milliseconds(1));
    }
    assert_eq!(client.list("").await, names);
    assert!(client.request("GET", "/recomputations", "").await.json().get("next_cursor").is_none());
    let mut cursor = String::new();
    let mut seen = Vec::new();
    for expected in [2, 2, 1] {
        let page =
            client.request("GET", &format!("/recomputations?limit=2&cursor={cursor}"), "").await.json();
        let reports =
            page["root"].as_array().expect("a list").iter().map(|request| request["report"].clone());
        let reports: Vec<_> = reports.collect();
        assert_eq!(reports.len(), expected);
        seen.extend(reports);
        cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((json!(seen), cursor.as_str()), (json!(names), ""));
    for wrong in ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=%21"] {
        assert_eq!(
            client.request("GET", &format!("/recomputations?{wrong}"), "").await.status,
            400,
            "{wrong}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn tenants_cannot_access_each_others_requests() -> Result<()> {
    let bundle = start().await?;
    let (client, other) = (Client::new(&bundle), Client::of_other_tenant(&bundle));
    let id = client.submit(&power_cuts_but(&json!({}))).await?;
    assert_eq!(other.list("").await, EMPTY);
    for (method, path, body) in [
        ("GET", "", ""),
        ("PUT", "", "{}"),
        ("DELETE", "", ""),
        ("POST", "/status", r#"{"status": "approved"}"#),
        ("DELETE", "/status", ""),
    ] {
        let reply = other.request(method, &format!("/recomputations/{id}{path}"), body).await;
        assert_eq!(failed(&reply), super::not_found(), "{method} {path}");
    }
    assert_eq!(client.get(&id).await["status"], "pending");
    Ok(())
}
