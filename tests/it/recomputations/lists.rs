//! Lists: what is in them, in which order, and by which filters.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::json;

use super::{Tenant, begin, failed, power_cuts_but};

const EMPTY: [&str; 0] = [];

#[tokio::test]
async fn a_filter_by_report_is_exact_and_an_unused_one_finds_nothing() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    for report in ["Critical", "a b/ü+c"] {
        ours.submits(&power_cuts_but(&json!({"report": report}))).await?;
    }
    assert_eq!(ours.asks("GET", "/recomputations?report=unused", "").await.body, r#"{"root":[]}"#);
    assert_eq!(ours.lists("?report=Critical").await, ["Critical"]);
    assert_eq!(ours.lists("?report=critical").await, EMPTY);
    assert_eq!(ours.lists("?report=Critical&report=b").await, ["Critical"]);
    assert_eq!(ours.lists("?report=").await.len(), 2);
    assert_eq!(ours.lists("?report=a%20b%2F%C3%BC%2Bc").await, ["a b/ü+c"]);
    assert_eq!(ours.lists("?unknown=x").await.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_date_finds_what_covers_it_whatever_the_time_of_day() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    ours.submits(&power_cuts_but(&json!({}))).await?;
    for (date, expected) in [
        ("2015-01-09", 0),
        ("2015-01-10", 1),
        ("2015-01-20", 1),
        ("2015-01-30", 1),
        ("2015-01-31", 0),
        ("", 1),
    ] {
        assert_eq!(ours.lists(&format!("?date={date}")).await.len(), expected, "{date}");
    }
    assert_eq!(ours.lists("?date=2015-01-20&report=Other").await, EMPTY);
    for wrong in ["2020-03-303", "2015-02-30", "2015-1-05", "today", "2015-01-20%20"] {
        let reply = ours.asks("GET", &format!("/recomputations?date={wrong}"), "").await;
        let details = "date argument should be in the YYYY-MM-DD format".to_owned();
        assert_eq!(failed(&reply), (400, "Bad Request".to_owned(), details), "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn consumers_ask_for_what_is_approved() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    ours.submits(&power_cuts_but(&json!({"report": "A"}))).await?;
    let approved = ours.submits(&power_cuts_but(&json!({"report": "B"}))).await?;
    ours.decides(&approved, "approved").await;
    assert_eq!(ours.lists("?status=approved").await, ["B"]);
    assert_eq!(ours.lists("?status=pending").await, ["A"]);
    assert_eq!(ours.asks("GET", "/recomputations?status=Approved", "").await.status, 400);
    Ok(())
}

#[tokio::test]
async fn the_order_is_that_of_submission_and_pages_follow_it() -> Result<()> {
    let bundle = begin().await?;
    let ours = Tenant::ours(&bundle);
    let names = ["e", "a", "d", "b", "c"];
    for name in names {
        ours.submits(&power_cuts_but(&json!({"report": name}))).await?;
        bundle.advance(TimeDelta::milliseconds(1));
    }
    assert_eq!(ours.lists("").await, names);
    assert!(ours.asks("GET", "/recomputations", "").await.json().get("next_cursor").is_none());
    let mut cursor = String::new();
    let mut seen = Vec::new();
    for expected in [2, 2, 1] {
        let page = ours.asks("GET", &format!("/recomputations?limit=2&cursor={cursor}"), "").await.json();
        let reports =
            page["root"].as_array().expect("a list").iter().map(|request| request["report"].clone());
        let reports: Vec<_> = reports.collect();
        assert_eq!(reports.len(), expected);
        seen.extend(reports);
        cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((json!(seen), cursor.as_str()), (json!(names), ""));
    for wrong in ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=%21"] {
        assert_eq!(ours.asks("GET", &format!("/recomputations?{wrong}"), "").await.status, 400, "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn a_tenant_never_learns_of_anothers_requests() -> Result<()> {
    let bundle = begin().await?;
    let (ours, theirs) = (Tenant::ours(&bundle), Tenant::theirs(&bundle));
    let id = ours.submits(&power_cuts_but(&json!({}))).await?;
    assert_eq!(theirs.lists("").await, EMPTY);
    for (method, path, body) in [
        ("GET", "", ""),
        ("PUT", "", "{}"),
        ("DELETE", "", ""),
        ("POST", "/status", r#"{"status": "approved"}"#),
        ("DELETE", "/status", ""),
    ] {
        let reply = theirs.asks(method, &format!("/recomputations/{id}{path}"), body).await;
        assert_eq!(failed(&reply), super::not_found(), "{method} {path}");
    }
    assert_eq!(ours.sees(&id).await["status"], "pending");
    Ok(())
}
