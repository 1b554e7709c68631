//! Applications, their states, and what lists show of them: cases 58 to 70.

use anyhow::Result;
use serde_json::{Value, json};

use super::Body::{Message, MessageWith};
use super::{Edges, SCHEMA};
use crate::schemas::SERVER;

const ADD_X: (&str, &str) = ("alter table orders add x int", "alter table orders drop x");
const ADD_Y: (&str, &str) = ("alter table orders add y int", "alter table orders drop y");
const COMPLETED: &str = "Changeset apply job completed.";

fn apply(changeset: u64, server: u64) -> (&'static str, &'static str, Value) {
    ("POST", "changeset/apply/", json!({"changeset_id": changeset, "server_id": server}))
}

fn texts(state: &Value) -> Vec<&str> {
    let messages = state["messages"].as_array().into_iter().flatten();
    messages.filter_map(|message| message["message"].as_str()).collect()
}

impl Edges {
    pub(super) async fn applications(&self) -> Result<()> {
        self.refusals().await?;
        let applied = self.applied().await?;
        self.structures(applied).await?;
        self.failing_details().await?;
        self.states().await;
        self.lists().await;
        Ok(())
    }

    async fn refusals(&self) -> Result<()> {
        let unapproved = self.reviewed("painless", &[ADD_X]).await?;
        let text = format!("Changeset {unapproved} is not approved.");
        self.check(62, "dba", apply(unapproved, 2), 409, Message(&text)).await;
        self.post("dba", &format!("changeset/approve/{unapproved}/"), Value::Null).await;
        self.post("dba", &format!("changeset/soft_delete/{unapproved}/"), Value::Null).await;
        let text = format!("Changeset {unapproved} is deleted.");
        self.check(65, "dba", apply(unapproved, 2), 409, Message(&text)).await;
        let impacting = self.approved("impacting", &[ADD_X]).await?;
        let text = format!("User dev is not allowed to apply changeset {impacting}.");
        self.check(63, "dev", apply(impacting, 2), 403, MessageWith(&text)).await;
        Ok(())
    }

    /// Applies a changeset, and again. Returns its id.
    async fn applied(&self) -> Result<u64> {
        let id = self.approved("painless", &[ADD_X]).await?;
        let state = self.apply(id, 2).await?;
        assert_eq!(texts(&state), [&format!("apply_sql: {}", ADD_X.0), COMPLETED]);
        let shown = self.get(&format!("changeset/{id}/")).await;
        assert!(shown["before_version"].is_string() && shown["after_version"].is_string(), "{shown}");
        self.done(58);
        let text = "Changeset has been successfully applied already at server 'srv2'.";
        self.check(59, "dba", apply(id, 2), 409, Message(text)).await;
        Ok(id)
    }

    /// Adds the server 4, which has the same address and another name.
    async fn structures(&self, applied: u64) -> Result<()> {
        let second = json!({"name": "second", "hostname": "127.0.0.1", "port": SERVER.port()});
        assert_eq!(self.client.post("dev", "/api/v1/server/", second).await.status, 201);
        let state = self.apply(applied, 4).await?;
        let text = "Cannot apply changeset, existing schema on host does not match the expected schema.";
        assert!(texts(&state)[0].ends_with(text), "{state}");
        assert!(state["messages"][0]["extra"]["delta"].is_string(), "{state}");
        self.done(61);
        let next = self.approved("painless", &[ADD_Y]).await?;
        SERVER.run(&format!("CREATE TABLE {SCHEMA}.stray (id int)"))?;
        let state = self.apply(next, 2).await?;
        assert!(texts(&state)[0].ends_with("Schema version on host is unknown."), "{state}");
        assert_eq!(state["changeset_detail_apply_ids"], json!([]));
        SERVER.run(&format!("DROP TABLE {SCHEMA}.stray"))?;
        self.done(60);
        Ok(())
    }

    async fn failing_details(&self) -> Result<()> {
        let insert = ("insert into orders (id) values (9)", "delete from orders where id = 9");
        let id = self
            .approved(
                "painless",
                &[ADD_Y, insert, ("alter table orders add z int", "alter table orders drop z")],
            )
            .await?;
        SERVER.run(&format!("INSERT INTO {SCHEMA}.orders (id) VALUES (9)"))?;
        let state = self.apply(id, 2).await?;
        assert_eq!((&state["status"], &state["task_active"]), (&json!("error"), &json!(false)), "{state}");
        let columns = format!("SHOW COLUMNS FROM {SCHEMA}.orders LIKE");
        assert_eq!(SERVER.run(&format!("{columns} 'z'"))?, "", "the third detail was not executed");
        assert_eq!(self.get(&format!("changeset/{id}/")).await["after_version"], Value::Null);
        SERVER.run(&format!("DELETE FROM {SCHEMA}.orders WHERE id = 9"))?;
        let url = state["apply_results_url"].as_str().unwrap_or_default();
        let task = url.rsplit('=').next().unwrap_or_default().to_owned();
        self.post("dba", &format!("changeset/apply/{task}/resume/"), Value::Null).await;
        self.client.bundle.drain().await?;
        let state = self.get(&format!("changeset/apply_status/{task}/")).await;
        assert_eq!(state["status"], "done", "{state}");
        assert_ne!(SERVER.run(&format!("{columns} 'z'"))?, "");
        self.done(64);
        Ok(())
    }

    async fn states(&self) {
        let unknown = self.get("changeset/apply_status/x/").await;
        assert_eq!((&unknown["messages"], &unknown["changeset_detail_apply_ids"]), (&json!([]), &json!([])));
        assert!(unknown["apply_results_url"].is_string());
        self.done(66);
        let review = ("GET", "changeset/review_status/x/", Value::Null);
        self.check(67, "dev", review, 404, Message("TaskState matching query does not exist.")).await;
    }

    async fn lists(&self) {
        let count = async |query: &str| {
            self.get(&format!("changeset/?limit=0&{query}")).await["meta"]["total_count"].as_u64()
        };
        let (needs, approved) = (count("review_status=needs").await, count("review_status=approved").await);
        assert!(needs > Some(0) && approved > Some(0));
        let both = count("review_status__in=needs,approved").await;
        assert_eq!(both, needs.zip(approved).map(|(needs, approved)| needs + approved));
        self.done(69);
        assert_eq!(count("database_schema__id=1").await, count("").await);
        self.done(70);
        let versions = self.get("schema_version/").await["meta"]["total_count"].clone();
        let delete = self.client.call("dev", "DELETE", "/api/v1/server/2/", &Value::Null).await;
        assert_eq!(delete.status, 204);
        let kept = self.get("schema_version/").await;
        assert_eq!(kept["meta"]["total_count"], versions);
        assert_eq!(kept["objects"][0]["pulled_from"], Value::Null);
        self.done(68);
    }
}
