//! Dumps of schemas: cases 30 to 34.

use anyhow::Result;
use serde_json::{Value, json};

use super::Body::MessageWith;
use super::{Edges, SCHEMA};

/// The path that dumps a schema.
const DUMP: &str = "schema_version/save_schema_dump/";

fn dump_of(server: u64, schema: &str) -> Value {
    json!({"server_id": server, "database_schema_name": schema})
}

impl Edges {
    /// Leaves the schema 1 with one version, and the empty schema 2.
    pub(super) async fn versions(&self) -> Result<()> {
        let first = self.post("dev", DUMP, dump_of(2, SCHEMA)).await;
        assert_eq!(first["database_schema"], "/api/v1/database_schema/1/");
        let empty = self.post("dev", DUMP, dump_of(2, &format!("{SCHEMA}_empty"))).await;
        assert_eq!(empty["checksum"], "0".repeat(32));
        self.done(30);
        assert_eq!(self.post("dev", DUMP, dump_of(2, SCHEMA)).await["id"], first["id"]);
        self.done(31);
        let versions = self.get("schema_version/").await["meta"]["total_count"].clone();
        let text = "Server matching query does not exist.";
        self.check(32, "dev", ("POST", DUMP, dump_of(99, SCHEMA)), 404, MessageWith(text)).await;
        let text = "(1049, \"Unknown database 'nothing'\")";
        self.check(33, "dev", ("POST", DUMP, dump_of(2, "nothing")), 404, MessageWith(text)).await;
        let text = "server 'down' cannot be dumped";
        self.check(34, "dev", ("POST", DUMP, dump_of(3, SCHEMA)), 503, MessageWith(text)).await;
        assert_eq!(self.get("schema_version/").await["meta"]["total_count"], versions);
        assert_eq!(self.get("database_schema/").await["meta"]["total_count"], 2);
        Ok(())
    }
}
