//! Both stand-ins together: started, filled with the stack's tables and queues, stopped.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_sdk_sqs::types::QueueAttributeName;
use chrono::TimeDelta;
use domain::platform::clock::Clock;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::data_folder::{DataFolder, damaged};
use crate::dynamodb::DynamoDb;
use crate::queues::TIMEOUT;
use crate::sqs::{ACCOUNT, Sqs};
use crate::stop::Stop;
use crate::{clients, definitions};

/// The queues whose workers end with this process: when it starts, nobody is working on a message of theirs.
const WORKED: [&str; 4] = ["NotificationQueue", "UsageQueue", "StreamQueue", "MaintenanceQueue"];

/// Where records and messages are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// As long as the process lives.
    Memory,
    /// In the files of this folder.
    Folder(PathBuf),
}

/// `DynamoDB` and SQS on loopback, each on a port that was free.
pub struct StandIns {
    dynamodb: DynamoDb,
    dynamodb_endpoint: String,
    sqs_endpoint: String,
    stop: Stop,
    servers: JoinSet<io::Result<()>>,
    /// Ours as long as the stand-ins run.
    _folder: Option<DataFolder>,
}

impl StandIns {
    /// Starts both and makes the tables and queues of the stack. `clock` is the queues' time.
    ///
    /// A folder that cannot be used is an [`Unusable`](crate::data_folder::Unusable).
    pub async fn start(storage: &Storage, clock: Clock) -> Result<Self> {
        let (folder, dynamodb, sqs) = match storage {
            Storage::Memory => (None, DynamoDb::memory()?, Sqs::memory(clock)?),
            Storage::Folder(path) => {
                let folder = DataFolder::open(path)?;
                let (tables, queues) = (folder.dynamodb(), folder.sqs());
                let dynamodb = DynamoDb::open(&tables).map_err(|error| damaged(&tables, &error))?;
                let sqs = Sqs::open(&queues, clock).map_err(|error| damaged(&queues, &error))?;
                for queue in WORKED {
                    sqs.recall(queue, TimeDelta::from_std(TIMEOUT)?)
                        .map_err(|error| damaged(&queues, &error))?;
                }
                (Some(folder), dynamodb, sqs)
            }
        };
        let stop = Stop::new();
        let mut servers = JoinSet::new();
        let (listener, dynamodb_endpoint) = bind().await?;
        servers.spawn(dynamodb.clone().serve(listener, stop.clone()));
        let (listener, sqs_endpoint) = bind().await?;
        servers.spawn(sqs.serve(listener, stop.clone()));
        let stand_ins = Self { dynamodb, dynamodb_endpoint, sqs_endpoint, stop, servers, _folder: folder };
        definitions::apply(&stand_ins.dynamodb_client(), &stand_ins.sqs_client()).await?;
        Ok(stand_ins)
    }

    /// The address of `DynamoDB`.
    pub fn dynamodb_endpoint(&self) -> &str {
        &self.dynamodb_endpoint
    }

    /// The address of SQS.
    pub fn sqs_endpoint(&self) -> &str {
        &self.sqs_endpoint
    }

    /// A plain client of `DynamoDB`; [`clients::dynamodb`] makes one to measure or to disturb.
    pub fn dynamodb_client(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::from_conf(clients::dynamodb(&self.dynamodb_endpoint).build())
    }

    /// A plain client of SQS; [`clients::sqs`] makes one to measure or to disturb.
    pub fn sqs_client(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::from_conf(clients::sqs(&self.sqs_endpoint).build())
    }

    /// The address of the queue with this logical id.
    pub fn queue_url(&self, logical_id: &str) -> String {
        format!("{}/{ACCOUNT}/{logical_id}", self.sqs_endpoint)
    }

    /// The variables by which the bundle finds its tables and queues here.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let queue = |id| self.queue_url(id);
        vec![
            ("USAGE_TABLE", "UsageTable".to_owned()),
            ("STREAM_TABLE", "StreamTable".to_owned()),
            ("REGISTRY_TABLE", "RegistryTable".to_owned()),
            ("OPS_TABLE", "OpsTable".to_owned()),
            ("NOTIFICATION_QUEUE_URL", queue("NotificationQueue")),
            ("USAGE_QUEUE_URL", queue("UsageQueue")),
            ("STREAM_QUEUE_URL", queue("StreamQueue")),
            ("MAINTENANCE_QUEUE_URL", queue("MaintenanceQueue")),
            ("VERIFIED_QUEUE_URL", queue("VerifiedQueue")),
            ("PUBLISHED_QUEUE_URL", queue("PublishedQueue")),
        ]
    }

    /// Whether there is no record, and no notification that will become one.
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

    /// Removes the records whose time to live is over, as `DynamoDB` does some time after it; how many.
    pub async fn sweep(&self) -> Result<usize> {
        let dynamodb = self.dynamodb.clone();
        tokio::task::spawn_blocking(move || dynamodb.sweep()).await?
    }

    /// Stops both; requests that have begun are answered, for at most `patience`.
    pub async fn stop(mut self, patience: Duration) -> Result<()> {
        self.stop.stop();
        let ended = timeout(patience, async {
            while let Some(served) = self.servers.join_next().await {
                served.context("a stand-in panicked")?.context("a stand-in failed")?;
            }
            Ok(())
        });
        ended.await.unwrap_or_else(|_| Err(anyhow!("a request to a stand-in did not end in time")))
    }
}

async fn bind() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port on loopback is free")?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    Ok((listener, endpoint))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn the_stack_stands_and_is_found_again_in_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let storage = Storage::Folder(folder.path().to_owned());
        let first = StandIns::start(&storage, Clock::system()).await.expect("it starts");
        assert!(first.are_empty().await.expect("they answer"));
        let put = first.dynamodb_client().put_item().table_name("UsageTable");
        let put =
            put.item("pk", AttributeValue::S("a".to_owned())).item("sk", AttributeValue::S("b".to_owned()));
        put.send().await.expect("it is stored");
        let sqs = first.sqs_client();
        let send = sqs.send_message().queue_url(first.queue_url("UsageQueue")).message_body("kept");
        send.send().await.expect("it is queued");
        let busy = StandIns::start(&storage, Clock::system()).await.err().expect("one at a time");
        assert!(busy.to_string().contains("in use by another steward"), "{busy}");
        assert!(!first.are_empty().await.expect("they answer"));
        first.stop(PATIENCE).await.expect("it stops");

        let second = StandIns::start(&storage, Clock::system()).await.expect("it starts again");
        let found =
            second.dynamodb_client().scan().table_name("UsageTable").send().await.expect("it is read");
        assert_eq!(found.count(), 1);
        let described =
            second.dynamodb_client().describe_time_to_live().table_name("UsageTable").send().await;
        let ttl = described.expect("it is described").time_to_live_description.expect("it has one");
        assert_eq!(ttl.attribute_name(), Some("ttl"));
        let sqs = second.sqs_client();
        let call = sqs.get_queue_attributes().queue_url(second.queue_url("UsageQueue"));
        let attributes = call.attribute_names(QueueAttributeName::All).send().await.expect("it is described");
        let attributes = attributes.attributes.expect("it has some");
        assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessages], "1");
        assert!(attributes[&QueueAttributeName::RedrivePolicy].contains("UsageDeadLetters"));
        second.stop(PATIENCE).await.expect("it stops");
    }

    #[tokio::test]
    async fn what_a_killed_process_was_working_on_comes_back_soon() {
        let folder = tempfile::tempdir().expect("a folder");
        let storage = Storage::Folder(folder.path().to_owned());
        let clock = Clock::manual("2035-01-05T00:00:30Z".parse().expect("a time"));
        let receive = async |stand_ins: &StandIns| {
            let call = stand_ins.sqs_client().receive_message().queue_url(stand_ins.queue_url("UsageQueue"));
            call.send().await.expect("it is received").messages().len()
        };
        let first = StandIns::start(&storage, clock.clone()).await.expect("it starts");
        let send =
            first.sqs_client().send_message().queue_url(first.queue_url("UsageQueue")).message_body("x");
        send.send().await.expect("it is queued");
        assert_eq!(receive(&first).await, 1);
        first.stop(PATIENCE).await.expect("it stops");

        let second = StandIns::start(&storage, clock.clone()).await.expect("it starts again");
        assert_eq!(receive(&second).await, 0);
        clock.advance(TimeDelta::from_std(TIMEOUT).expect("it is short"));
        assert_eq!(receive(&second).await, 1);
        second.stop(PATIENCE).await.expect("it stops");
    }

    #[tokio::test]
    async fn a_database_that_is_none_inside_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut bytes = b"SQLite format 3\0".to_vec();
        bytes.resize(8_192, b'x');
        std::fs::write(folder.path().join("sqs.sqlite"), bytes).expect("it is written");
        let storage = Storage::Folder(folder.path().to_owned());
        let refused =
            StandIns::start(&storage, Clock::system()).await.err().expect("it is refused").to_string();
        assert!(refused.contains("sqs.sqlite is damaged"), "{refused}");
    }
}
