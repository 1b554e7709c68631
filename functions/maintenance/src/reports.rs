//! Reports on a server, its databases, schemas and tables.

use axum::Json;
use axum::extract::State;
use maintenance::advice::Advice;
use maintenance::report::database::DatabaseReport;
use maintenance::report::instance::InstanceReport;
use maintenance::report::schema::SchemaReport;
use maintenance::report::table::TableReport;
use maintenance::server::Server;

use crate::Api;
use crate::authorized::{Authorized, Viewer};
use crate::error::ApiError;
use crate::names::Names;

pub async fn instance(
    names: Names,
    _: Authorized<Viewer>,
    State(api): State<Api>,
) -> Result<Json<InstanceReport>, ApiError> {
    Ok(Json(server(&api, &names)?.instance_report().await?))
}

pub async fn database(
    names: Names,
    _: Authorized<Viewer>,
    State(api): State<Api>,
) -> Result<Json<DatabaseReport>, ApiError> {
    let report = server(&api, &names)?.database_report(&names.database).await?;
    report.map(Json).ok_or_else(|| missing(&names))
}

pub async fn schema(
    names: Names,
    _: Authorized<Viewer>,
    State(api): State<Api>,
) -> Result<Json<SchemaReport>, ApiError> {
    let schema = names.schema.as_deref().unwrap_or_default();
    let report = server(&api, &names)?.schema_report(&names.database, schema).await?;
    report.map(Json).ok_or_else(|| missing(&names))
}

pub async fn table(
    names: Names,
    _: Authorized<Viewer>,
    State(api): State<Api>,
) -> Result<Json<TableReport>, ApiError> {
    let (schema, table) = (names.schema.as_deref().unwrap_or_default(), names.table.as_deref());
    let server = server(&api, &names)?;
    let report = server.table_report(&names.database, schema, table.unwrap_or_default()).await?;
    report.map(Json).ok_or_else(|| missing(&names))
}

pub async fn advice(
    names: Names,
    _: Authorized<Viewer>,
    State(api): State<Api>,
) -> Result<Json<Advice>, ApiError> {
    let advice = server(&api, &names)?.advice(&names.database).await?;
    advice.map(Json).ok_or_else(|| missing(&names))
}

fn server<'a>(api: &'a Api, names: &Names) -> Result<&'a Server, ApiError> {
    Ok(api.servers.get(names.instance.name())?)
}

fn missing(names: &Names) -> ApiError {
    let Names { database, schema, table, .. } = names;
    ApiError::Missing(match (schema, table) {
        (Some(schema), Some(table)) => format!("Table {schema}.{table} not found"),
        (Some(schema), None) => format!("Schema {schema} not found"),
        (None, _) => format!("Database {database} not found"),
    })
}
