//! What the documents show, on this machine only: their users, their key, their session, their recomputation requests.

use anyhow::{Context, Result, bail};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use domain::access::administering::{NewKey, UserChange};
use domain::access::audit::Caller;
use domain::access::{Access, DEFAULT_TENANT};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::bundle::Bundle;

/// The key in every example of recomputations.
pub const KEY: &str = "shared_key_value";
/// The session in every example of maintenance.
pub const SESSION: &str = "3b28ed94743e3ada57b217bbf9f36c6d1eb45e669a1ab693e8ca7ac3bd070b9e";
/// Users, whose passwords are their names, and their roles.
const USERS: [(&str, &str); 3] = [("admin", "admin"), ("dba", "approver"), ("dev", "editor")];

/// Lets in whom the documents let in, unless they are in already.
pub async fn grant_access(access: &Access) -> Result<()> {
    let origin = Caller {
        name: "samples".to_owned(),
        tenant: DEFAULT_TENANT.to_owned(),
        address: String::new(),
        request_id: String::new(),
    };
    for (name, role) in USERS {
        if access.user_get(name).await?.is_none() {
            let new = UserChange {
                email: Some(format!("{name}@example.com")),
                grants: Some([role.parse().map_err(anyhow::Error::msg)?].into()),
                password: Some(name.to_owned()),
            };
            access.user_create(name, new, &origin).await?;
        }
    }
    if access.authenticate_key(KEY).await?.is_none() {
        let grants = ["admin".parse().map_err(anyhow::Error::msg)?].into();
        let name = "the documents' examples".to_owned();
        let new = NewKey { name, tenant: DEFAULT_TENANT.to_owned(), grants, expires: None };
        access.key_create_with_secret(new, KEY, &origin).await?;
    }
    if let Some(admin) = access.user_get(USERS[0].0).await? {
        access.session_create_with_id(&admin, SESSION).await?;
    }
    Ok(())
}

/// The two requests that the document lists, both approved and running.
pub async fn recomputations(bundle: &Bundle) -> Result<()> {
    for (report, month) in [("Critical", "01"), ("OPS-Critical", "03")] {
        let request = json!({
            "requester_name": "John Doe",
            "requester_email": "JohnDoe@foo.com",
            "reason": "power cuts",
            "start_time": format!("2015-{month}-10T12:00:00Z"),
            "end_time": format!("2015-{month}-30T23:00:00Z"),
            "report": report,
            "exclude": ["Gluster"],
        });
        let made = ask(bundle, "/recomputations", &request).await?;
        let id = made["data"]["id"].as_str().context("a request has an id")?;
        for status in ["approved", "running"] {
            ask(bundle, &format!("/recomputations/{id}/status"), &json!({"status": status})).await?;
        }
    }
    Ok(())
}

async fn ask(bundle: &Bundle, path: &str, body: &Value) -> Result<Value> {
    let request = Request::builder().method(Method::POST).uri(path).header("x-api-key", KEY);
    let request =
        request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))?;
    let Ok(response) = bundle.gateway(false)?.oneshot(request).await;
    let status = response.status();
    let answer = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
    match status {
        StatusCode::OK | StatusCode::CREATED => Ok(serde_json::from_slice(&answer)?),
        _ => bail!("{path} answered {status}: {}", String::from_utf8_lossy(&answer)),
    }
}
