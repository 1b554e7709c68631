//! The platform that groups are built on: time, identifiers, clients of AWS's services, and settings.
//!
//! A group takes from it the tables, queues and settings that it uses, by the names of their variables, so that a
//! function without one of them fails at start-up and names what is missing. Built in three places: the Lambda edge,
//! the local run, and the tests.

pub mod clock;
pub mod id;
pub mod variables;

use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_sqs::Client as Sqs;
use serde::de::IgnoredAny;

use crate::error::Error;
use crate::platform::clock::Clock;
use crate::platform::id::Ids;
use crate::platform::variables::Variables;
use crate::storage::key::Key;
use crate::storage::table::Table;
use crate::work::queue::Queue;

/// Time, identifiers, clients and settings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Tells the time.
    pub clock: Clock,
    /// Generates identifiers and secrets.
    pub ids: Ids,
    /// The settings.
    pub variables: Variables,
    /// The client of the tables.
    pub dynamodb: DynamoDb,
    /// The client of the queues.
    pub sqs: Sqs,
}

impl Platform {
    /// A platform on these clients, with the system clock and random identifiers.
    pub fn new(dynamodb: DynamoDb, sqs: Sqs, variables: Variables) -> Self {
        Self { clock: Clock::system(), ids: Ids::random(), variables, dynamodb, sqs }
    }

    /// The table whose name is in this variable. Fails if the variable is unset.
    pub fn table(&self, variable: &str) -> Result<Table, Error> {
        Ok(Table::new(self.dynamodb.clone(), self.variables.required(variable)?))
    }

    /// Opens the connection to the tables, so that the first request does not wait for it.
    pub async fn connect(&self) -> Result<(), Error> {
        let table = self.variables.ending_with("_TABLE").next();
        match table {
            None => Ok(()),
            Some(name) => {
                let table = Table::new(self.dynamodb.clone(), name);
                table.get::<IgnoredAny>(&Key::sequences()).await.map(drop)
            }
        }
    }

    /// The queue whose URL is in this variable. Fails if the variable is unset.
    pub fn queue(&self, variable: &str) -> Result<Queue, Error> {
        Ok(Queue::new(self.sqs.clone(), self.variables.required(variable)?))
    }
}
