//! Submission of changesets, changes, and decisions on them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use edge::query;
use http::Uri;
use schemas::changeset::submission::{ChangesetUpdate, NewChangeset};
use schemas::record::{Changeset, Name, Server};
use schemas::refusal::Refusal;
use schemas::resource::form::form_of;
use schemas::review::impact::DetailImpact;
use serde_json::{Value, json};

use crate::Api;
use crate::authorized::{Reader, Writer};
use crate::body;
use crate::error::ApiError;

pub async fn submit(writer: Writer, State(api): State<Api>, body: Bytes) -> Result<Json<Value>, ApiError> {
    let refused = |refusal| api.refused(refusal);
    let body = Value::Object(body::object(&body).map_err(refused)?);
    let new = NewChangeset::read(&body).map_err(refused)?;
    shown(&api, api.registry.submit(new, &writer.person).await)
}

pub async fn update(
    writer: Writer,
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let (id, refused) = (body::id(&id)?, |refusal| api.refused(refusal));
    let body = Value::Object(body::object(&body).map_err(refused)?);
    let update = ChangesetUpdate::read(&body).map_err(refused)?;
    shown(&api, api.registry.update(id, update, &writer.person).await)
}

pub async fn approve(
    writer: Writer,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shown(&api, api.registry.approve(body::id(&id)?, &writer.person).await)
}

pub async fn reject(
    writer: Writer,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shown(&api, api.registry.reject(body::id(&id)?, &writer.person).await)
}

pub async fn soft_delete(
    writer: Writer,
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    shown(&api, api.registry.soft_delete(body::id(&id)?, &writer.person).await)
}

pub async fn waive(
    writer: Writer,
    State(api): State<Api>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let (id, refused) = (body::id(&id)?, |refusal| api.refused(refusal));
    let body = body::object(&body).map_err(refused)?;
    let validation_type = body::number(&body, "validation_type_id").map_err(refused)?;
    shown(&api, api.registry.waive(id, validation_type, &writer.person).await)
}

/// Returns how the scratch server executes each detail, and the sizes of the tables that it changes; with `server_id`
/// those on that server.
pub async fn impact(
    _: Reader,
    State(api): State<Api>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let changeset = api.registry.find::<Changeset>(body::id(&id)?).await?.ok_or(ApiError::Missing)?;
    let impact = match query::first(&uri, "server_id") {
        None => api.registry.impact(&changeset).await?,
        Some(text) => {
            let server = server(&api, &text).await?;
            api.registry.impact_on(&changeset, &server, &api.servers).await?
        }
    };
    let details: Vec<_> = impact.iter().map(impact_form).collect();
    Ok(Json(json!({"changeset": Name::Changeset.uri(changeset.id), "details": details})))
}

async fn server(api: &Api, text: &str) -> Result<Server, ApiError> {
    let id = text
        .parse()
        .map_err(|_| ApiError::Malformed(format!("invalid server_id \"{text}\": expected a number")))?;
    api.registry.require(id).await.map_err(|error| api.refused(error))
}

fn impact_form(impact: &DetailImpact) -> Value {
    let lock = impact.lock.as_ref();
    json!({
        "algorithm": lock.map(|lock| &lock.algorithm),
        "changeset_detail": Name::ChangesetDetail.uri(impact.detail),
        "impact": lock.map(|lock| &lock.reason),
        "lock": lock.map(|lock| &lock.lock),
        "tables": impact.tables,
    })
}

fn shown(api: &Api, result: Result<Changeset, Refusal>) -> Result<Json<Value>, ApiError> {
    let changeset = result.map_err(|refusal| api.refused(refusal))?;
    Ok(Json(Value::Object(form_of(&changeset)?)))
}
