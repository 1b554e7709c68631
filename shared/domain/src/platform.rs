//! What every group stands on. Built in three places: the Lambda edge, the local run, the tests.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::id::Ids;
use crate::queue::Queue;
use crate::table::Table;

/// The time, identifiers, tables, queues and settings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Tells the time.
    pub clock: Clock,
    /// Makes identifiers.
    pub ids: Ids,
    /// The tables.
    pub tables: Tables,
    /// The queues.
    pub queues: Queues,
    /// What the operator set.
    pub config: Arc<Config>,
}

/// The tables, one per temperature of data.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Notifications and the usage ledger.
    pub usage: Table,
    /// Streams.
    pub streams: Table,
    /// Principals, their credentials, the audit log, and records that people work on.
    pub registry: Table,
}

/// The queues, one per kind of message.
#[derive(Clone, Debug)]
pub struct Queues {
    /// Accepted notifications.
    pub notifications: Queue,
    /// Verification work.
    pub usage: Queue,
    /// Streams that are due.
    pub streams: Queue,
    /// Verified notifications, read by whoever sends usage downstream.
    pub verified: Queue,
    /// What happened here, for whoever acts on it downstream.
    pub published: Queue,
}

impl Platform {
    /// A platform on these two clients, with the machine's clock and random identifiers.
    pub fn new(dynamodb: aws_sdk_dynamodb::Client, sqs: aws_sdk_sqs::Client, config: Config) -> Self {
        let places = &config.places;
        Self {
            clock: Clock::system(),
            ids: Ids::random(),
            tables: Tables {
                usage: Table::new(dynamodb.clone(), &places.usage_table),
                streams: Table::new(dynamodb.clone(), &places.stream_table),
                registry: Table::new(dynamodb, &places.registry_table),
            },
            queues: Queues {
                notifications: Queue::new(sqs.clone(), &places.notification_queue),
                usage: Queue::new(sqs.clone(), &places.usage_queue),
                streams: Queue::new(sqs.clone(), &places.stream_queue),
                verified: Queue::new(sqs.clone(), &places.verified_queue),
                published: Queue::new(sqs, &places.published_queue),
            },
            config: Arc::new(config),
        }
    }
}
