//! The index of the resources, which requires no credentials.

use axum::Json;
use schemas::record::Name;
use serde_json::{Map, Value, json};

pub async fn index() -> Json<Value> {
    let entry = |name: Name| {
        let endpoints = json!({
            "list_endpoint": format!("/api/v1/{name}/"),
            "schema": format!("/api/v1/{name}/schema/"),
        });
        (name.to_string(), endpoints)
    };
    Json(Value::Object(Name::ALL.map(entry).into_iter().collect::<Map<_, _>>()))
}
