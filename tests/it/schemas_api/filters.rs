//! Filters of lists, and what they read.

use anyhow::Result;
use schemas::record::{Changeset, ReviewStatus};
use serde_json::json;

use super::{Client, ids};

async fn changesets() -> Result<Client> {
    let client = Client::start().await?;
    for id in 1..=2 {
        client.put_schema(id).await?;
    }
    for (id, schema) in [(11, 1), (12, 1), (13, 2)] {
        client.put_version(id, schema).await?;
    }
    let states = [ReviewStatus::Needs, ReviewStatus::Approved, ReviewStatus::Rejected];
    for (id, status) in (1..).zip(states) {
        client.put_changeset(id, status).await?;
    }
    Ok(client)
}

#[tokio::test]
async fn lists_are_filtered_by_fields_and_by_linked_rows() -> Result<()> {
    let client = changesets().await?;
    for (path, expected) in [
        ("changeset/?review_status=needs", &[1][..]),
        ("changeset/?review_status__in=needs,approved", &[1, 2]),
        ("changeset/?review_status__in=needs&review_status__in=rejected", &[1, 3]),
        ("changeset/?review_status__startswith=re&id__gt=1", &[3]),
        ("changeset/?review_status=needs&id=2", &[]),
        ("changeset/?id__in=3,1,9", &[1, 3]),
        ("changeset/?database_schema__id=1", &[1, 2, 3]),
        ("changeset/?database_schema__id=2", &[]),
        ("changeset/?database_schema__name=schema_1", &[1, 2, 3]),
        ("changeset/?is_deleted=true", &[]),
        ("changeset/?is_deleted=False", &[1, 2, 3]),
        ("changeset_detail/?changeset__id=2", &[2]),
        ("changeset_detail/?changeset=3", &[3]),
        ("changeset_detail/?changeset__review_status=approved", &[2]),
        ("changeset_detail/?changeset__database_schema__name__icontains=SCHEMA_1", &[1, 2, 3]),
        ("changeset_test/?changeset_detail__changeset__id=1", &[]),
        ("changeset_test/?changeset_detail=1", &[]),
        ("schema_version/?database_schema__id=1", &[11, 12]),
        ("schema_version/?database_schema__name__exact=schema_2", &[13]),
        ("schema_version/?database_schema__in=1,2", &[11, 12, 13]),
        ("schema_version/?database_schema__isnull=true", &[]),
        ("database_schema/?name__endswith=_2", &[2]),
        ("database_schema/?name__regex=^schema_[12]$", &[1, 2]),
        ("event/?type=user_added&datetime__year=2035", &[1, 2, 3]),
        ("event/?datetime__lt=2035-01-01", &[]),
    ] {
        let reply = client.get(&format!("/api/v1/{path}")).await;
        assert_eq!((reply.status, ids(&reply).as_slice()), (200, expected), "{path}: {}", reply.body);
    }
    Ok(())
}

#[tokio::test]
async fn a_filter_by_the_id_of_a_linked_row_does_not_read_all_rows() -> Result<()> {
    let client = changesets().await?;
    let changeset = Changeset { details: vec![1, 2], ..client.put_changeset(1, ReviewStatus::Needs).await? };
    client.put(&changeset).await?;
    // The list comes from the ids on the changeset: detail 2 still names changeset 2, and is left out.
    let reply = client.get("/api/v1/changeset_detail/?changeset=1").await;
    assert_eq!(ids(&reply), [1]);
    let other = Changeset { id: 9, details: Vec::new(), ..changeset };
    client.put(&other).await?;
    // Detail 3 names changeset 3; a scan would find it.
    client.put(&Changeset { id: 3, ..other }).await?;
    assert_eq!(ids(&client.get("/api/v1/changeset_detail/?changeset__id=3").await), [0; 0]);
    assert_eq!(ids(&client.get("/api/v1/changeset_detail/?id=3").await), [3]);
    Ok(())
}

#[tokio::test]
async fn deleted_changesets_stay_readable() -> Result<()> {
    let client = changesets().await?;
    let reply = client.post("dba", "/api/v1/changeset/soft_delete/1/", json!(null)).await;
    assert_eq!((reply.status, &reply.json()["is_deleted"]), (200, &json!(true)), "{reply:?}");
    let shown = client.get("/api/v1/changeset/1/").await.json();
    assert_eq!((&shown["is_deleted"], &shown["review_status"]), (&json!(true), &json!("needs")));
    assert_eq!(ids(&client.get("/api/v1/changeset/?is_deleted=1").await), [1]);
    Ok(())
}
