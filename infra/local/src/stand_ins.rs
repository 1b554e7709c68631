//! The stand-ins for `DynamoDB` and SQS, with the tables and queues of the stack.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_sdk_sqs::types::QueueAttributeName;
use chrono::TimeDelta;
use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::data_dir::{DataDir, damaged};
use crate::dynamodb::DynamoDb;
use crate::event_source::WORKER_TIMEOUT;
use crate::in_process::InProcess;
use crate::shutdown::Shutdown;
use crate::sqs::Sqs;
use crate::{clients, stack};

/// The queues that only workers of this process read. At startup, no worker holds any of their messages.
const WORKER_QUEUES: [&str; 5] =
    ["NotificationQueue", "UsageQueue", "StreamQueue", "MaintenanceQueue", "ChangesetQueue"];

/// The storage of records and messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In memory, until the process ends.
    Memory,
    /// In files of this directory.
    Directory(PathBuf),
}

/// The stand-ins for `DynamoDB` and SQS, each on a free port of the loopback interface. Clients in the same process can
/// do without sockets: see [`StandIns::in_process`].
pub struct StandIns {
    dynamodb: DynamoDb,
    in_process: InProcess,
    dynamodb_endpoint: String,
    sqs_endpoint: String,
    shutdown: Shutdown,
    servers: JoinSet<io::Result<()>>,
    /// Holds the lock while the stand-ins run.
    _directory: Option<DataDir>,
}

impl StandIns {
    /// Starts both and creates the tables and queues of the stack. The queues take their time from `clock`.
    ///
    /// Fails with a [`DataDirError`](crate::data_dir::DataDirError) if the directory cannot be used.
    pub async fn start(storage: &Storage, clock: Clock) -> Result<Self> {
        let (directory, dynamodb, sqs) = match storage {
            Storage::Memory => (None, DynamoDb::memory()?, Sqs::memory(clock, Ids::random())?),
            Storage::Directory(path) => {
                let (directory, dynamodb, sqs) = open(path, clock)?;
                (Some(directory), dynamodb, sqs)
            }
        };
        let shutdown = Shutdown::new();
        let mut servers = JoinSet::new();
        let (listener, dynamodb_endpoint) = bind().await?;
        servers.spawn(dynamodb.clone().serve(listener, shutdown.clone()));
        let (listener, sqs_endpoint) = bind().await?;
        let sqs = sqs.start(sqs_endpoint.clone(), shutdown.clone());
        servers.spawn(sqs.clone().serve(listener));
        let in_process = InProcess::new(dynamodb.clone(), sqs);
        let stand_ins = Self {
            dynamodb,
            in_process,
            dynamodb_endpoint,
            sqs_endpoint,
            shutdown,
            servers,
            _directory: directory,
        };
        stack::deploy(&stand_ins.dynamodb_client(), &stand_ins.sqs_client()).await?;
        Ok(stand_ins)
    }

    /// Returns the endpoint URL of `DynamoDB`.
    pub fn dynamodb_endpoint(&self) -> &str {
        &self.dynamodb_endpoint
    }

    /// Returns the endpoint URL of SQS.
    pub fn sqs_endpoint(&self) -> &str {
        &self.sqs_endpoint
    }

    /// Returns the HTTP client for clients in this process.
    pub fn in_process(&self) -> &InProcess {
        &self.in_process
    }

    /// Creates a plain client of `DynamoDB`. [`clients::dynamodb`] returns a configuration to add interceptors to.
    pub fn dynamodb_client(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::from_conf(clients::dynamodb(&self.dynamodb_endpoint).build())
    }

    /// Creates a plain client of SQS. [`clients::sqs`] returns a configuration to add interceptors to.
    pub fn sqs_client(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::from_conf(clients::sqs(&self.sqs_endpoint).build())
    }

    /// Returns the URL of the queue with this logical id.
    pub fn queue_url(&self, logical_id: &str) -> String {
        stack::queue_url(&self.sqs_endpoint, logical_id)
    }

    /// Returns the environment variables that name the tables and queues.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        stack::variables(&self.sqs_endpoint)
    }

    /// Whether the usage table and the queue of notifications are empty.
    pub async fn are_empty(&self) -> Result<bool> {
        let scan = self.dynamodb_client().scan().table_name("UsageTable").limit(1).send().await?;
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let call = self.sqs_client().get_queue_attributes().queue_url(self.queue_url("NotificationQueue"));
        let counts =
            call.set_attribute_names(Some(names.to_vec())).send().await?.attributes.unwrap_or_default();
        Ok(scan.count() == 0 && counts.values().all(|count| count == "0"))
    }

    /// Deletes expired records, as `DynamoDB` does in the background, and returns their number.
    pub async fn delete_expired(&self) -> Result<usize> {
        let dynamodb = self.dynamodb.clone();
        tokio::task::spawn_blocking(move || dynamodb.delete_expired()).await?
    }

    /// Stops both, after requests in progress are finished. Fails if that takes longer than `limit`.
    pub async fn stop(mut self, limit: Duration) -> Result<()> {
        self.shutdown.trigger();
        let joined = timeout(limit, async {
            while let Some(served) = self.servers.join_next().await {
                served.context("a stand-in panicked")?.context("a stand-in failed")?;
            }
            Ok(())
        });
        joined.await.unwrap_or_else(|_| Err(anyhow!("the stand-ins did not stop within {limit:?}")))
    }
}

/// Opens the databases in a data directory, and releases the messages that a killed process had received.
fn open(path: &Path, clock: Clock) -> Result<(DataDir, DynamoDb, Sqs)> {
    let directory = DataDir::open(path)?;
    let (tables, queues) = (directory.dynamodb(), directory.sqs());
    let dynamodb = DynamoDb::open(&tables).map_err(|error| damaged(&tables, &error))?;
    let sqs = Sqs::open(&queues, clock).map_err(|error| damaged(&queues, &error))?;
    for queue in WORKER_QUEUES {
        sqs.release_in_flight(queue, TimeDelta::from_std(WORKER_TIMEOUT)?)
            .map_err(|error| damaged(&queues, &error))?;
    }
    Ok((directory, dynamodb, sqs))
}

async fn bind() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on 127.0.0.1")?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    Ok((listener, endpoint))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    const STOP_TIMEOUT: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn the_stack_and_its_content_survive_a_restart() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let storage = Storage::Directory(directory.path().to_owned());
        let first = StandIns::start(&storage, Clock::system()).await.expect("the stand-ins start");
        assert!(first.are_empty().await.expect("the stand-ins are reachable"));
        let put = first.dynamodb_client().put_item().table_name("UsageTable");
        let put =
            put.item("pk", AttributeValue::S("a".to_owned())).item("sk", AttributeValue::S("b".to_owned()));
        put.send().await.expect("the item is stored");
        let sqs = first.sqs_client();
        let send = sqs.send_message().queue_url(first.queue_url("UsageQueue")).message_body("kept");
        send.send().await.expect("the message is sent");
        let error = StandIns::start(&storage, Clock::system()).await.err().expect("the directory is locked");
        assert!(error.to_string().contains("in use by another steward"), "{error}");
        assert!(!first.are_empty().await.expect("the stand-ins are reachable"));
        first.stop(STOP_TIMEOUT).await.expect("the stand-ins stop");

        let second = StandIns::start(&storage, Clock::system()).await.expect("the stand-ins start again");
        let scan = second.dynamodb_client().scan().table_name("UsageTable").send().await;
        assert_eq!(scan.expect("the table is scanned").count(), 1);
        let described =
            second.dynamodb_client().describe_time_to_live().table_name("UsageTable").send().await;
        let ttl = described.expect("the table is described").time_to_live_description.expect("TTL is set");
        assert_eq!(ttl.attribute_name(), Some("ttl"));
        let sqs = second.sqs_client();
        let call = sqs.get_queue_attributes().queue_url(second.queue_url("UsageQueue"));
        let described = call.attribute_names(QueueAttributeName::All).send().await;
        let attributes = described.expect("the queue is described").attributes.expect("attributes are set");
        assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessages], "1");
        assert!(attributes[&QueueAttributeName::RedrivePolicy].contains("UsageDeadLetters"));
        second.stop(STOP_TIMEOUT).await.expect("the stand-ins stop");
    }

    #[tokio::test]
    async fn messages_held_by_a_killed_process_are_redelivered_within_the_worker_timeout() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let storage = Storage::Directory(directory.path().to_owned());
        let clock = Clock::manual("2035-01-05T00:00:30Z".parse().expect("valid time"));
        let receive = async |stand_ins: &StandIns| {
            let call = stand_ins.sqs_client().receive_message().queue_url(stand_ins.queue_url("UsageQueue"));
            call.send().await.expect("messages are received").messages().len()
        };
        let first = StandIns::start(&storage, clock.clone()).await.expect("the stand-ins start");
        let send =
            first.sqs_client().send_message().queue_url(first.queue_url("UsageQueue")).message_body("x");
        send.send().await.expect("the message is sent");
        assert_eq!(receive(&first).await, 1);
        first.stop(STOP_TIMEOUT).await.expect("the stand-ins stop");

        let second = StandIns::start(&storage, clock.clone()).await.expect("the stand-ins start again");
        assert_eq!(receive(&second).await, 0);
        clock.advance(TimeDelta::from_std(WORKER_TIMEOUT).expect("a short duration"));
        assert_eq!(receive(&second).await, 1);
        second.stop(STOP_TIMEOUT).await.expect("the stand-ins stop");
    }

    #[tokio::test]
    async fn a_corrupt_database_is_reported_as_damaged() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut bytes = b"SQLite format 3\0".to_vec();
        bytes.resize(8_192, b'x');
        std::fs::write(directory.path().join("sqs.sqlite"), bytes).expect("the file is written");
        let storage = Storage::Directory(directory.path().to_owned());
        let error = StandIns::start(&storage, Clock::system()).await.err().expect("the database is corrupt");
        assert!(error.to_string().contains("sqs.sqlite is damaged"), "{error}");
    }
}
