//! Actions on users.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use schemas::people::Role;
use schemas::refusal::Refusal;
use schemas::resource::form::form_of;
use schemas::users::{Administrator, UserFields};
use serde_json::{Map, Value, json};

use crate::Api;
use crate::authorized::Writer;
use crate::body;
use crate::error::ApiError;

pub async fn create(writer: Writer, State(api): State<Api>, body: Bytes) -> Result<Json<Value>, ApiError> {
    let refused = |refusal| api.refused(refusal);
    check_admin(&writer, "Creating user is not allowed.").map_err(refused)?;
    let body = body::object(&body).map_err(refused)?;
    let fields = fields(&body).map_err(refused)?;
    let password = body::text(&body, "password").map_err(refused)?;
    let by = administrator(&api, &writer);
    let user = api.registry.create_user(&fields, &password, by).await.map_err(refused)?;
    Ok(Json(Value::Object(form_of(&user)?)))
}

pub async fn update(
    writer: Writer,
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let (id, refused) = (body::id(&id)?, |refusal| api.refused(refusal));
    check_admin(&writer, "Updating user is not allowed.").map_err(refused)?;
    let body = body::object(&body).map_err(refused)?;
    let fields = fields(&body).map_err(refused)?;
    let by = administrator(&api, &writer);
    let user = api.registry.update_user(id, &fields, by).await.map_err(refused)?;
    Ok(Json(Value::Object(form_of(&user)?)))
}

pub async fn delete(
    writer: Writer,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let id = body::id(&id)?;
    let by = administrator(&api, &writer);
    api.registry.delete_user(id, by).await.map_err(|refusal| api.refused(refusal))?;
    Ok(Json(json!({})))
}

fn administrator<'a>(api: &'a Api, writer: &'a Writer) -> Administrator<'a> {
    Administrator {
        access: &api.access,
        person: &writer.person,
        administers_logins: writer.administers_logins,
    }
}

/// Checks the role before the body, so that callers without it learn nothing else.
fn check_admin(writer: &Writer, refused: &str) -> Result<(), Refusal> {
    if writer.person.role == Role::Admin { Ok(()) } else { Err(Refusal::not_allowed(refused)) }
}

fn fields(body: &Map<String, Value>) -> Result<UserFields, Refusal> {
    Ok(UserFields {
        name: body::text(body, "name")?,
        email: body::text(body, "email")?,
        role: body::number(body, "role_id")?,
    })
}
