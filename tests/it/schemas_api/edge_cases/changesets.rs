//! Submissions, reviews and decisions: cases 35 to 57.

use anyhow::Result;
use serde_json::{Value, json};

use super::Body::{Message, MessageWith};
use super::{Edges, submission};

const CREATE_T1: (&str, &str) = ("create table t1 (id int primary key) engine=InnoDB", "drop table t1");
const ADD_A: (&str, &str) = ("alter table orders add a int", "alter table orders drop a");
const NOT_APPROVED: &str = "User is not allowed to approve changeset.";
const NOT_DELETED: &str = "Soft delete changeset is not allowed.";

impl Edges {
    pub(super) async fn changesets(&self) -> Result<()> {
        self.submissions().await?;
        self.reviews().await?;
        self.requested_reviews().await?;
        self.approvals().await?;
        self.deletions().await?;
        self.updates().await
    }

    async fn submissions(&self) -> Result<()> {
        let with = |path: &str, value: Value| {
            let mut body = submission("painless", &[CREATE_T1]);
            if let Some(found) = body.pointer_mut(path) {
                *found = value;
            }
            body
        };
        let submit = |body: Value| ("POST", "changeset/submit/", body);
        let mut extra = submission("painless", &[CREATE_T1]);
        extra["changeset"]["review_status"] = json!("approved");
        let text = "Changeset has invalid field 'review_status'.";
        self.check(35, "dev", submit(extra), 400, Message(text)).await;
        let without = json!({"changeset": {"database_schema_id": 1}});
        self.check(36, "dev", submit(without), 400, Message("'changeset_details'")).await;
        let nope = with("/changeset/type", json!("NOPE"));
        self.check(37, "dev", submit(nope), 400, Message("Changeset has invalid type 'NOPE'.")).await;
        let empty = with("/changeset_details", json!([]));
        self.check(38, "dev", submit(empty), 400, MessageWith("detail")).await;
        assert_eq!(self.get("changeset/").await["meta"]["total_count"], 0);
        let good = self.post("dev", "changeset/submit/", submission("painless", &[CREATE_T1])).await;
        assert_eq!(good["review_status"], "needs");
        self.client.bundle.drain().await?;
        assert_eq!(self.review_status(1).await, "in_progress");
        self.done(39);
        Ok(())
    }

    /// Returns the logs of the tests of a changeset.
    async fn logs(&self, changeset: u64) -> Vec<String> {
        let tests = self.get(&format!("changeset_test/?changeset_detail__changeset__id={changeset}")).await;
        let tests = tests["objects"].as_array().cloned().unwrap_or_default();
        tests.iter().map(|test| test["results_log"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn reviews(&self) -> Result<()> {
        let bad = ("ccreate table t2 (id int)", "drop table t2");
        let id = self.reviewed("painless", &[bad]).await?;
        let logs = self.logs(id).await;
        assert!(logs.len() == 1 && logs[0].contains("1064"), "{logs:?}");
        assert_eq!(self.review_status(id).await, "rejected");
        let details = self.get(&format!("changeset_detail/?changeset={id}")).await;
        assert_eq!(details["objects"][0]["after_checksum"], "");
        self.done(40);
        let id = self.reviewed("painless", &[(ADD_A.0, "alter table orders add b int")]).await?;
        let log = self.logs(id).await.concat();
        assert!(log.contains("Checksum after revert_sql was applied was not the same"), "{log}");
        assert_eq!(self.review_status(id).await, "rejected");
        self.done(41);
        let id = self.reviewed("painless", &[("insert into orders (id) values (1)", "")]).await?;
        assert_eq!(self.review_status(id).await, "in_progress");
        self.done(42);
        let id = self.reviewed("painless", &[CREATE_T1, bad, ADD_A]).await?;
        let logs = self.logs(id).await;
        let failed: Vec<bool> = logs.iter().map(|log| !log.is_empty()).collect();
        assert_eq!(
            (failed.as_slice(), self.review_status(id).await.as_str()),
            (&[false, true, false][..], "rejected")
        );
        self.done(43);
        Ok(())
    }

    async fn requested_reviews(&self) -> Result<()> {
        let id = self.approved("painless", &[ADD_A]).await?;
        let path = format!("changeset/review/{id}/");
        let review = |version: Value| ("POST", path.as_str(), version);
        let refused =
            self.client.post("dev", &format!("/api/v1/{path}"), json!({"schema_version_id": 1})).await;
        assert_eq!((refused.status, self.review_status(id).await.as_str()), (403, "approved"));
        self.check(45, "dba", review(json!({})), 400, Message("'schema_version_id'")).await;
        self.check(46, "dba", review(json!({"schema_version_id": 2})), 400, MessageWith("version")).await;
        self.post("dba", &path, json!({"schema_version_id": 1})).await;
        self.client.bundle.drain().await?;
        assert_eq!(self.review_status(id).await, "in_progress");
        self.done(44);
        Ok(())
    }

    async fn approvals(&self) -> Result<()> {
        let id = self.reviewed("painless", &[ADD_A]).await?;
        let path = format!("changeset/approve/{id}/");
        let approve = || ("POST", path.as_str(), Value::Null);
        self.check(47, "dev", approve(), 403, Message(NOT_APPROVED)).await;
        assert_eq!(self.review_status(id).await, "in_progress");
        self.post("dba", &path, Value::Null).await;
        self.check(48, "dba", approve(), 409, Message(NOT_APPROVED)).await;
        let rejected = self.post("dba", &format!("changeset/reject/{id}/"), Value::Null).await;
        assert_eq!(rejected["review_status"], "rejected");
        assert!(rejected["approved_by"].is_string() && rejected["approved_at"].is_string(), "{rejected}");
        self.done(51);
        self.check(48, "dba", approve(), 409, Message(NOT_APPROVED)).await;
        let unknown = ("POST", "changeset/approve/999/", Value::Null);
        self.check(49, "dba", unknown, 404, MessageWith("Changeset matching query does not exist.")).await;
        let invalid = self.client.post("dba", "/api/v1/changeset/approve/abc/", Value::Null).await;
        assert!([404, 405].contains(&invalid.status), "{invalid:?}");
        self.done(50);
        Ok(())
    }

    async fn deletions(&self) -> Result<()> {
        let id = self.approved("painless", &[ADD_A]).await?;
        let path = format!("changeset/soft_delete/{id}/");
        let delete = || ("POST", path.as_str(), Value::Null);
        self.check(52, "dev", delete(), 403, Message(NOT_DELETED)).await;
        self.post("dba", &path, Value::Null).await;
        self.check(53, "dba", delete(), 409, Message(NOT_DELETED)).await;
        assert_eq!(self.get(&format!("changeset/{id}/")).await["is_deleted"], true);
        self.done(54);
        Ok(())
    }

    async fn updates(&self) -> Result<()> {
        let id = self.approved("painless", &[ADD_A]).await?;
        let path = format!("changeset/update/{id}/");
        let body = |classification: &str, details: Value| {
            json!({
                "changeset": {"classification": classification},
                "changeset_details": details,
                "to_be_deleted_changeset_detail_ids": [],
            })
        };
        let stored = self.get(&format!("changeset/{id}/")).await;
        let text = "User is not allowed to update changeset.";
        let refused =
            self.check(55, "dev", ("POST", &path, body("impacting", json!([]))), 403, Message(text)).await;
        assert_eq!(refused.json()["classification"], "painless");
        assert_eq!(self.get(&format!("changeset/{id}/")).await, stored);
        let foreign = json!([{"id": 1, "apply_sql": "drop table orders"}]);
        let foreign = ("POST", path.as_str(), body("painless", foreign));
        self.check(57, "dba", foreign, 400, MessageWith("invalid changeset value")).await;
        assert_eq!(self.get(&format!("changeset/{id}/")).await, stored);
        let updated = self.post("dba", &path, body("lowrisk", json!([]))).await;
        assert_eq!(
            (&updated["review_status"], &updated["classification"]),
            (&json!("needs"), &json!("lowrisk"))
        );
        assert_eq!(updated["approved_at"], stored["approved_at"]);
        self.done(56);
        Ok(())
    }
}
