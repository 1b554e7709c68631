//! Statements of operations: they have no time limit, and their texts are made for one relation.

use std::error::Error as _;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_postgres::types::Type;

use super::{GRACE, Session, drive, read_all};
use crate::postgres::failure::Failure;

/// The longest wait for the answer to a query of a session whose statements have no limit.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

impl Session {
    /// Runs a statement without a limit on the client's side. Its text comes from
    /// [`statement`](crate::operation::statement::statement), which quotes every name.
    ///
    /// If the future is dropped, the statement continues on the server. Dropping the session then closes the socket,
    /// which the server notices when it answers.
    pub async fn execute(&mut self, statement: &str) -> Result<(), Failure> {
        let client = &self.client;
        let work = async { client.batch_execute(statement).await.map_err(Failure::from_statement) };
        drive(&mut self.connection, work).await
    }

    /// Runs a query whose rows are one column of JSON text each. Its parameters are texts, which it casts.
    pub async fn rows_of<T: DeserializeOwned>(
        &mut self,
        query: &'static str,
        texts: &[&str],
    ) -> Result<Vec<T>, Failure> {
        let parameters: Vec<(&str, Type)> = texts.iter().map(|text| (*text, Type::TEXT)).collect();
        let client = &self.client;
        let work = async {
            let rows = client.query_typed_raw(query, parameters).await.map_err(Failure::from_statement)?;
            read_all(rows).await
        };
        let limit = QUERY_TIMEOUT + GRACE;
        let driven = drive(&mut self.connection, work);
        timeout(limit, driven).await.unwrap_or_else(|_| Err(Failure::silent(limit)))
    }
}

impl Failure {
    /// Returns the SQLSTATE and the text that the server reported. `None` if the failure is not the server's.
    pub fn reported(&self) -> Option<(String, String)> {
        let error = self.source()?.downcast_ref::<tokio_postgres::Error>()?.as_db_error()?;
        Some((error.code().code().to_owned(), error.message().to_owned()))
    }
}
