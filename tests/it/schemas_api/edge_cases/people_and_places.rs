//! Users, environments and servers: cases 15 to 29.

use anyhow::Result;
use serde_json::{Value, json};

use super::Body::{Empty, Error, Message, MessageWith};
use super::Edges;
use crate::schemas::SERVER;

impl Edges {
    pub(super) async fn people_and_places(&self) -> Result<()> {
        self.people().await?;
        self.environments().await?;
        self.servers().await
    }

    async fn people(&self) -> Result<()> {
        let user = json!({"name": "ann", "email": "ann@example.com", "role_id": 3, "password": "sesame"});
        let create = |body: &Value| ("POST", "user/create/", body.clone());
        self.check(15, "dba", create(&user), 403, Message("Creating user is not allowed.")).await;
        let roleless = json!({"name": "ann", "email": "", "password": "sesame"});
        self.check(16, "admin", create(&roleless), 400, Message("'role_id'")).await;
        let before = self.get("user/").await["meta"]["total_count"].clone();
        let taken = json!({"name": "dev", "email": "", "role_id": 3, "password": "sesame"});
        self.check(17, "admin", create(&taken), 409, Message("User with name 'dev' already exists.")).await;
        assert_eq!(self.get("user/").await["meta"]["total_count"], before);
        let id = self.post("admin", "user/create/", user).await["id"].clone();
        let path = format!("user/delete/{id}/");
        assert_eq!(self.post("admin", &path, Value::Null).await, json!({}));
        let gone = format!("User matching query does not exist. Lookup parameters were {{'pk': {id}}}");
        self.check(18, "admin", ("POST", &path, Value::Null), 404, Message(&gone)).await;
        Ok(())
    }

    async fn environments(&self) -> Result<()> {
        let new = || ("POST", "environment/", json!({"name": "e"}));
        let created = self.check(19, "dba", new(), 201, Empty).await;
        assert!(created.headers["location"].to_str()?.ends_with("/api/v1/environment/4/"));
        self.check(20, "dev", new(), 403, MessageWith("not allowed")).await;
        self.check(21, "dba", ("PUT", "environment/4/", json!({"name": "f"})), 204, Empty).await;
        self.check(22, "dba", ("PUT", "environment/500/", json!({"name": "f"})), 404, Empty).await;
        self.check(23, "dba", ("DELETE", "environment/4/", Value::Null), 204, Empty).await;
        self.check(23, "dba", ("DELETE", "environment/4/", Value::Null), 404, Empty).await;
        let list = self.client.call("dba", "DELETE", "/api/v1/environment/", &Value::Null).await;
        assert_eq!((list.status, list.body.as_str()), (405, "GET,POST"));
        self.done(24);
        let dba = [("authorization", "Basic ZGJhOmRiYQ==")];
        let broken = self.client.bundle.request("POST", "/api/v1/environment/", &dba, "{\"name\"").await;
        assert_eq!(
            (broken.status, broken.json()),
            (400, json!({"error_message": "No JSON object could be decoded"}))
        );
        self.done(25);
        Ok(())
    }

    /// Leaves the servers 1 (without a port), 2 (the real one) and 3 (which does not answer).
    async fn servers(&self) -> Result<()> {
        let new = |body: Value| ("POST", "server/", body);
        self.check(26, "dev", new(json!({"name": "portless", "hostname": "h"})), 201, Empty).await;
        let shown = self.get("server/1/").await;
        assert_eq!((&shown["port"], &shown["environment"]), (&Value::Null, &Value::Null));
        let taken = "Server with name 'portless' already exists.";
        self.check(27, "dev", new(json!({"name": "portless"})), 409, Message(taken)).await;
        let unknown = json!({"name": "s", "environment": "/api/v1/environment/99/"});
        let text = "Could not find the provided object via resource URI '/api/v1/environment/99/'.";
        self.check(28, "dev", new(unknown), 400, Error(text)).await;
        let real = json!({"name": "srv1", "hostname": "127.0.0.1", "port": SERVER.port()});
        assert_eq!(self.client.post("dev", "/api/v1/server/", real).await.status, 201);
        self.check(29, "dev", ("PUT", "server/2/", json!({"name": "srv2"})), 204, Empty).await;
        assert_eq!(self.get("server/2/").await["port"], SERVER.port());
        let down = json!({"name": "down", "hostname": "127.0.0.1", "port": 1});
        assert_eq!(self.client.post("dev", "/api/v1/server/", down).await.status, 201);
        Ok(())
    }
}
