//! Applications and reverts of changesets: their requests, their control and their state.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use schemas::apply::request::{ApplyRequest, Targets};
use schemas::record::{ApplyOptions, OnFailure, Task};
use schemas::refusal::Refusal;
use serde_json::{Map, Value, json};

use crate::Api;
use crate::authorized::{Reader, Writer};
use crate::error::ApiError;
use crate::{body, status};

pub async fn apply(writer: Writer, State(api): State<Api>, body: Bytes) -> Result<Json<Value>, ApiError> {
    let refused = |refusal| api.refused(refusal);
    let body = body::object(&body).map_err(refused)?;
    let request = request(&body).map_err(refused)?;
    requested(&api, api.registry.request_apply(&request, &writer.person).await)
}

pub async fn revert(writer: Writer, State(api): State<Api>, body: Bytes) -> Result<Json<Value>, ApiError> {
    let refused = |refusal| api.refused(refusal);
    let body = body::object(&body).map_err(refused)?;
    let changeset = body::number(&body, "changeset_id").map_err(refused)?;
    let server = body::number(&body, "server_id").map_err(refused)?;
    let options = options(&body).map_err(refused)?;
    requested(&api, api.registry.request_revert(changeset, server, &options, &writer.person).await)
}

pub async fn resume(
    writer: Writer,
    State(api): State<Api>,
    Path(task_id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    requested(&api, api.registry.resume(&task_id, &writer.person).await)
}

pub async fn repair(
    writer: Writer,
    State(api): State<Api>,
    Path(task_id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    requested(&api, api.registry.repair(&task_id, &writer.person).await)
}

pub async fn cancel(
    writer: Writer,
    State(api): State<Api>,
    Path(task_id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    requested(&api, api.registry.cancel(&task_id, &writer.person).await)
}

pub async fn status(
    reader: Reader,
    State(api): State<Api>,
    Path(task_id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let Some(task) = api.registry.task(&task_id).await? else {
        return Ok(Json(status::unknown_application(&task_id, &reader.base_url)));
    };
    let children = api.registry.find_many::<Task>(&task.children).await?;
    Ok(Json(status::application(&task, &children, &reader.base_url)))
}

fn requested(api: &Api, result: Result<Task, Refusal>) -> Result<Json<Value>, ApiError> {
    let task = result.map_err(|refusal| api.refused(refusal))?;
    Ok(Json(json!({"task_id": task.task_id})))
}

fn request(body: &Map<String, Value>) -> Result<ApplyRequest, Refusal> {
    let changeset = body::number(body, "changeset_id")?;
    let given: Vec<&str> = ["server_id", "server_ids", "environment_id"]
        .into_iter()
        .filter(|name| body.get(*name).is_some_and(|value| !value.is_null()))
        .collect();
    let targets = match given.as_slice() {
        [] | ["server_id"] => Targets::Server(body::number(body, "server_id")?),
        ["server_ids"] => Targets::Servers(body::numbers(body::required(body, "server_ids")?, "server_ids")?),
        ["environment_id"] => Targets::Environment(body::number(body, "environment_id")?),
        several => {
            return Err(Refusal::Malformed(format!("expected one of {}", several.join(", "))));
        }
    };
    Ok(ApplyRequest { changeset, targets, options: options(body)? })
}

fn options(body: &Map<String, Value>) -> Result<ApplyOptions, Refusal> {
    let on_failure = match body.get("on_failure") {
        None | Some(Value::Null) => OnFailure::default(),
        Some(value) => match value.as_str() {
            Some("stop") => OnFailure::Stop,
            Some("revert") => OnFailure::Revert,
            _ => return Err(body::invalid("on_failure", value, "stop or revert")),
        },
    };
    Ok(ApplyOptions {
        dry_run: body::flag(body, "dry_run")?,
        force: body::flag(body, "force")?,
        on_failure,
        lock_wait_timeout: body::optional_number(body, "lock_wait_timeout")?,
        max_statement_time: body::optional_number(body, "max_statement_time")?,
        parallelism: body::optional_number(body, "parallelism")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<ApplyRequest, String> {
        let Value::Object(body) = body else { panic!("an object is expected") };
        request(&body).map_err(|refusal| refusal.text())
    }

    #[test]
    fn an_application_names_a_changeset_and_its_servers() {
        let with = |targets| Ok(ApplyRequest { changeset: 1, targets, options: ApplyOptions::default() });
        for (body, expected) in [
            (json!({"changeset_id": 1, "server_id": "2"}), with(Targets::Server(2))),
            (json!({"changeset_id": 1, "server_ids": [3, 2]}), with(Targets::Servers(vec![3, 2]))),
            (
                json!({"changeset_id": 1, "environment_id": 3, "server_id": null}),
                with(Targets::Environment(3)),
            ),
            (json!({"server_id": 2}), Err("'changeset_id'".to_owned())),
            (json!({"changeset_id": 1}), Err("'server_id'".to_owned())),
            (
                json!({"changeset_id": 1, "server_id": 2, "environment_id": 3}),
                Err("expected one of server_id, environment_id".to_owned()),
            ),
            (
                json!({"changeset_id": 1, "server_id": 2, "on_failure": "ignore"}),
                Err("invalid on_failure \"ignore\": expected stop or revert".to_owned()),
            ),
        ] {
            assert_eq!(read(body.clone()), expected, "{body}");
        }
    }

    #[test]
    fn options_are_read_by_name() {
        let body = json!({"changeset_id": 1, "server_id": 2, "dry_run": true, "on_failure": "revert", "parallelism": 4});
        let options = read(body).expect("a request").options;
        assert!(options.dry_run && !options.force);
        assert_eq!((options.on_failure, options.parallelism), (OnFailure::Revert, Some(4)));
    }
}
