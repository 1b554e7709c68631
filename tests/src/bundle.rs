//! The bundle in the test's own process, on empty in-memory stand-ins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Access;
use domain::access::administering::NewKey;
use domain::access::audit::Caller;
use domain::error::Error;
use domain::ingest::plan::Delivery;
use domain::ingest::{Intake, Recorder};
use domain::operations::OperationSchedule;
use domain::platform::Platform;
use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use domain::platform::variables::Variables;
use domain::recomputations::Recomputations;
use domain::schema_changes::TaskSchedule;
use domain::storage::block::Start;
use domain::storage::key::SHARDS;
use domain::storage::table::Table;
use domain::streams::Streams;
use domain::streams::definitions::Definitions;
use domain::streams::listing::StreamFilter;
use domain::streams::running::Runner;
use domain::streams::state::State;
use domain::time::{Micros, Minute};
use domain::usage::Usage;
use domain::usage::sweeping::Sweeper;
use domain::usage::task::UsageTask;
use domain::usage::verifying::Verifier;
use domain::work::queue::Queue;
use domain::{streams, usage};
use local::clients;
use local::stand_ins::{StandIns, Storage};
use maintenance::operation;
use schemas::task;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::lockstep::Lockstep;
use crate::scheduler::Scheduler;
use crate::stored_state::{self, StoredState};

/// The first administrator's API key.
pub const FIRST_SECRET: &str = "the first secret";
/// How long the lease of a worker lasts.
pub const LEASE_SECONDS: i64 = 60;
/// How long an unfinished message stays invisible, as in `infra/queues.yaml`.
pub const VISIBILITY_SECONDS: i64 = 360;
/// Deliveries after which a message goes to the dead-letter queue, as in `infra/queues.yaml`.
pub const MAX_RECEIVES: usize = 5;
/// Ticks after which [`TestBundle::settle`] gives up; a few are enough.
const MAX_TICKS: usize = 20;
/// Messages that a worker receives at once.
const BATCH_SIZE: i32 = 10;

/// Seconds that a worker that runs statements may take, as the template says.
pub const STATEMENT_SECONDS: i64 = 900;
/// The period of heartbeats of a worker that runs a statement.
const HEARTBEAT: Duration = Duration::from_millis(20);
/// How long its statements wait for a lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(20);

/// The bundle and the stand-ins that it runs on.
pub struct TestBundle {
    /// The clock, which only the test moves.
    pub clock: Clock,
    /// The clients, settings, clock and ids that everything is built from.
    pub platform: Platform,
    /// Accepts notifications.
    pub intake: Intake,
    /// Records notifications.
    pub recorder: Recorder,
    /// The usage ledger.
    pub usage: Usage,
    /// Verifies exists records.
    pub verifier: Verifier,
    /// Queues the verification of due exists records.
    pub sweeper: Sweeper,
    /// Streams and events.
    pub streams: Streams,
    /// Runs the pipelines of due streams.
    pub runner: Runner,
    /// Sends the messages of due operations.
    pub schedule: OperationSchedule,
    /// Operations on PostgreSQL servers.
    pub operations: operation::Operations,
    /// Runs them.
    pub maintenance: operation::running::Runner,
    /// Sends the messages of due tasks on changesets.
    pub task_schedule: TaskSchedule,
    /// Reviews and applies changesets.
    pub changesets: task::running::Runner,
    /// The usage table.
    pub table: Table,
    /// The queue of due streams.
    pub stream_queue: Queue,
    /// Principals and the audit log.
    pub access: Access,
    /// Recomputation requests.
    pub recomputations: Recomputations,
    /// Faults of the calls to the tables.
    pub faults: Faults,
    /// Faults of the calls to the queues, except the test's own.
    pub queue_faults: Faults,
    /// The definitions of events and streams.
    pub definitions: Arc<Definitions>,
    configs: (aws_sdk_dynamodb::Config, aws_sdk_sqs::Config),
    /// Counts and records the calls to the tables and queues.
    pub lockstep: Lockstep,
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    stand_ins: StandIns,
}

/// A separate worker process on a bundle's tables and queues, with an HTTP client of its own.
pub struct WorkerProcess {
    /// Records notifications.
    pub recorder: Recorder,
    /// Runs the pipelines of due streams.
    pub runner: Runner,
    /// Verifies exists records.
    pub verifier: Verifier,
}

impl TestBundle {
    /// Starts a bundle with default settings and without streams, at 2035-01-05 00:00:30.
    pub async fn start() -> Result<Self> {
        Self::with_settings([]).await
    }

    /// Starts a bundle whose ticker has run once.
    pub async fn ticked() -> Result<Self> {
        let bundle = Self::start().await?;
        bundle.tick().await?;
        Ok(bundle)
    }

    /// Starts a bundle with these settings and without streams.
    pub async fn with_settings<const N: usize>(settings: [(&str, &str); N]) -> Result<Self> {
        Self::with_definitions(Arc::default(), settings).await
    }

    /// Starts a bundle with the shipped definitions of streams.
    pub async fn with_streams() -> Result<Self> {
        Self::with_definitions(Arc::new(Definitions::shipped()?), []).await
    }

    /// Starts a bundle with these definitions and settings.
    pub async fn with_definitions<const N: usize>(
        definitions: Arc<Definitions>,
        settings: [(&str, &str); N],
    ) -> Result<Self> {
        let now: DateTime<Utc> = "2035-01-05T00:00:30Z".parse().context("an invalid time")?;
        let (clock, faults, queue_faults) = (Clock::manual(now), Faults::default(), Faults::default());
        let lockstep = Lockstep::default();
        let stand_ins = StandIns::start(&Storage::Memory, clock.clone()).await?;
        let http = stand_ins.in_process().http_client();
        let dynamodb_config = clients::dynamodb(stand_ins.dynamodb_endpoint())
            .http_client(http.clone())
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled());
        let sqs_config = clients::sqs(stand_ins.sqs_endpoint())
            .http_client(http.clone())
            .retry_config(aws_sdk_sqs::config::retry::RetryConfig::disabled());
        let configs = (dynamodb_config.clone().build(), sqs_config.clone().build());
        let admin = aws_sdk_dynamodb::Client::from_conf(configs.0.clone());
        let sqs = aws_sdk_sqs::Client::from_conf(configs.1.clone());
        let dynamodb_config =
            dynamodb_config.http_client(lockstep.wrap(http.clone())).interceptor(faults.clone());
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb_config.build());
        let sqs_config = sqs_config.http_client(lockstep.wrap(http)).interceptor(queue_faults.clone());
        let queues = aws_sdk_sqs::Client::from_conf(sqs_config.build());
        let variables = Variables::default()
            .with(stand_ins.variables())
            .with([("STACKTACH_AUTH", "none")])
            .with(settings);
        let platform = Platform {
            clock: clock.clone(),
            ids: Ids::sequential(),
            ..Platform::new(dynamodb, queues, variables)
        };
        let streams = Streams::new(&platform, Arc::clone(&definitions))?;
        Ok(Self {
            clock,
            intake: Intake::new(&platform)?,
            recorder: Recorder::new(&platform, Arc::clone(&definitions))?,
            usage: Usage::new(&platform)?,
            verifier: Verifier::new(&platform)?,
            sweeper: Sweeper::new(&platform)?,
            runner: Runner::new(&platform, streams.clone())?,
            schedule: OperationSchedule::new(&platform)?,
            streams,
            operations: operation::Operations::new(&platform)?,
            maintenance: operation::running::Runner::new(&platform)?.with_heartbeat(HEARTBEAT, LOCK_TIMEOUT),
            task_schedule: TaskSchedule::new(&platform)?,
            changesets: task::running::Runner::new(&platform)?.with_heartbeat(HEARTBEAT),
            table: platform.table(usage::TABLE)?,
            stream_queue: platform.queue(streams::QUEUE)?,
            definitions,
            access: Access::new(&platform)?.with_first_secret(Some(FIRST_SECRET.to_owned())),
            recomputations: Recomputations::new(&platform)?,
            platform,
            faults,
            queue_faults,
            configs,
            lockstep,
            dynamodb: admin,
            sqs,
            stand_ins,
        })
    }

    /// Returns worker process `number` of `scheduler`.
    pub fn scheduled_worker(&self, scheduler: &Scheduler, number: usize) -> WorkerProcess {
        self.worker_with(|client| scheduler.wrap(client, number))
    }

    /// Returns a worker process whose HTTP clients are those of the bundle, wrapped by `wrap`.
    pub fn worker_with(&self, wrap: impl Fn(SharedHttpClient) -> SharedHttpClient) -> WorkerProcess {
        let (dynamodb, sqs) = &self.configs;
        let (tables, queues) = (
            dynamodb.http_client().expect("DynamoDB's client has an HTTP client"),
            sqs.http_client().expect("SQS's client has an HTTP client"),
        );
        let dynamodb = dynamodb.to_builder().http_client(wrap(tables)).build();
        let sqs = sqs.to_builder().http_client(wrap(queues)).build();
        let clients = (aws_sdk_dynamodb::Client::from_conf(dynamodb), aws_sdk_sqs::Client::from_conf(sqs));
        let (clock, ids) = (self.clock.clone(), self.platform.ids.clone());
        let variables = self.platform.variables.clone();
        let platform = Platform { clock, ids, ..Platform::new(clients.0, clients.1, variables) };
        let definitions = Arc::clone(&self.definitions);
        let worker = || {
            Ok::<_, Error>(WorkerProcess {
                recorder: Recorder::new(&platform, Arc::clone(&definitions))?,
                runner: Runner::new(&platform, Streams::new(&platform, definitions)?)?,
                verifier: Verifier::new(&platform)?,
            })
        };
        worker().expect("the settings name the tables and queues")
    }

    /// Adds the API key `secret` with these roles.
    pub async fn add_key(&self, secret: &str, tenant: &str, roles: &[&str]) -> Result<()> {
        let grants = roles.iter().map(|role| role.parse().map_err(anyhow::Error::msg));
        let new = NewKey {
            name: secret.to_owned(),
            tenant: tenant.to_owned(),
            grants: grants.collect::<Result<_>>()?,
            expires: None,
        };
        let origin = Caller {
            name: "test".to_owned(),
            tenant: tenant.to_owned(),
            address: String::new(),
            request_id: String::new(),
        };
        self.access.key_create_with_secret(new, secret, &origin).await?;
        Ok(())
    }

    /// Makes a stream whose pipeline fails, on a record whose message id is not a UUID, and returns the stream's id.
    pub async fn failed_stream(&self) -> Result<u64> {
        let record = json!([{
            "message_id": "not-a-uuid",
            "event_type": "compute.instance.exists",
            "publisher_id": "compute.node1",
            "timestamp": Micros::from(self.clock.now()).to_string(),
            "payload": {
                "instance_id": "broken",
                "state": "active",
                "launched_at": "2035-01-01 00:00:00",
                "audit_period_beginning": "2035-01-05 00:00:00",
                "audit_period_ending": "2035-01-06 00:00:00",
            },
        }]);
        self.record(&record).await?;
        let filter = StreamFilter { state: Some(State::Error), ..StreamFilter::default() };
        let streams = self.streams.list(&filter, Start::Newest, 1).await?;
        Ok(streams.first().context("no pipeline failed")?.id)
    }

    /// Accepts notifications as `POST /notifications` does, does all the work that follows, and returns their number.
    pub async fn record(&self, notifications: &Value) -> Result<usize> {
        let body = serde_json::to_vec(notifications)?;
        let accepted = self.intake.accept(&body, None).await;
        let accepted = accepted.map_err(|refusal| anyhow::anyhow!("{:?}", refusal.error))?;
        self.drain().await?;
        Ok(accepted)
    }

    /// Records the messages of one invocation and returns whether all of them succeeded.
    pub async fn process(&self, deliveries: &[Delivery]) -> bool {
        let outcomes = self.recorder.process(deliveries.to_vec(), self.deadline()).await;
        outcomes.into_iter().all(|(_, outcome)| outcome.is_ok())
    }

    /// Returns the tasks that verify everything due in these minutes.
    pub fn sweeps(&self, from: Minute, to: Minute) -> Vec<UsageTask> {
        (0..SHARDS).map(|shard| UsageTask::Sweep { from, to, shard, after: None }).collect()
    }

    /// Returns the current minute.
    pub fn minute(&self) -> Minute {
        self.clock.micros().minute()
    }

    /// Verifies what is due in these minutes and returns whether all tasks succeeded.
    pub async fn verify(&self, from: Minute, to: Minute) -> bool {
        let mut is_done = true;
        for task in self.sweeps(from, to) {
            let body = task.body().expect("tasks serialize");
            is_done &= self.verifier.work(&body, self.deadline()).await.is_ok();
        }
        is_done
    }

    /// Settles the bundle; returns the stored state without the chunks, and the number of message ids under which each
    /// notification was announced.
    pub async fn outcome(&self) -> Result<(StoredState, BTreeMap<String, usize>)> {
        let stored = stored_state::without_chunks(self.settle().await?);
        let mut announced = BTreeMap::<String, BTreeSet<String>>::new();
        for message in self.verified().await? {
            let ids = announced.entry(message["original_message_id"].to_string()).or_default();
            ids.insert(message["message_id"].to_string());
        }
        Ok((stored, announced.into_iter().map(|(original, ids)| (original, ids.len())).collect()))
    }

    /// Ticks once and does all the work that follows.
    pub async fn tick(&self) -> Result<()> {
        self.sweeper.tick().await?;
        self.drain().await
    }

    /// Lets all leases and visibility timeouts expire, then ticks every minute until no work is left.
    pub async fn settle(&self) -> Result<StoredState> {
        self.advance(TimeDelta::seconds(LEASE_SECONDS + VISIBILITY_SECONDS));
        self.drain().await?;
        for _ in 0..MAX_TICKS {
            self.advance(TimeDelta::minutes(1));
            self.tick().await?;
            let stored = self.stored_state().await?;
            if !["due", "outbox", "open block"].into_iter().any(|kind| stored.contains_key(kind)) {
                return Ok(stored);
            }
        }
        anyhow::bail!("work is left after {MAX_TICKS} ticks: {:?}", self.stored_state().await?)
    }

    /// Advances the clock.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Advances the clock until all current leases have expired.
    pub fn expire_leases(&self) {
        self.advance(TimeDelta::seconds(LEASE_SECONDS + 1));
    }

    /// Returns the deadline of a worker that starts now.
    pub fn deadline(&self) -> Micros {
        Micros::from(self.clock.now()).plus_seconds(LEASE_SECONDS)
    }

    /// Lets the workers handle messages until no queue has a visible one. A message that fails stays invisible until the
    /// clock advances.
    pub async fn drain(&self) -> Result<()> {
        loop {
            let notifications =
                self.work_batch("NotificationQueue", LEASE_SECONDS, async |batch, deadline| {
                    notification_worker::handle(&self.recorder, batch, deadline).await
                });
            let mut handled = notifications.await?;
            let tasks = self.work_batch("UsageQueue", LEASE_SECONDS, async |batch, deadline| {
                usage_worker::handle(&self.verifier, batch, deadline).await
            });
            handled += tasks.await?;
            let streams = self.work_batch("StreamQueue", LEASE_SECONDS, async |batch, deadline| {
                stream_worker::handle(&self.runner, batch, deadline).await
            });
            handled += streams.await?;
            let operations =
                self.work_batch("MaintenanceQueue", STATEMENT_SECONDS, async |batch, deadline| {
                    maintenance_worker::handle(&self.maintenance, batch, deadline).await
                });
            handled += operations.await?;
            let changesets = self.work_batch("ChangesetQueue", STATEMENT_SECONDS, async |batch, deadline| {
                changeset_worker::handle(&self.changesets, batch, deadline).await
            });
            handled += changesets.await?;
            if handled == 0 {
                return Ok(());
            }
        }
    }

    /// Lets a worker handle one batch of a queue, deletes the messages that succeeded, and returns the batch's size.
    async fn work_batch(
        &self,
        logical_id: &str,
        seconds: i64,
        worker: impl AsyncFn(SqsEvent, Micros) -> SqsBatchResponse,
    ) -> Result<usize> {
        let queue = self.queue_url(logical_id);
        let messages = self.receive(&queue).await?;
        if messages.is_empty() {
            return Ok(0);
        }
        let mut batch = SqsEvent::default();
        batch.records = messages.iter().map(record).collect();
        let failures = worker(batch, self.clock.micros().plus_seconds(seconds)).await.batch_item_failures;
        let failed: BTreeSet<_> = failures.into_iter().map(|failure| failure.item_identifier).collect();
        for message in &messages {
            if !failed.contains(message.message_id().unwrap_or_default()) {
                self.delete(&queue, message).await?;
            }
        }
        Ok(messages.len())
    }

    /// Takes the published notifications out of the queue of verified ones.
    pub async fn verified(&self) -> Result<Vec<Value>> {
        let bodies = self.take_messages(&self.queue_url("VerifiedQueue")).await?;
        bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
    }

    /// Takes all visible messages out of a queue and returns their bodies.
    pub async fn take_messages(&self, queue: &str) -> Result<Vec<String>> {
        let mut bodies = Vec::new();
        loop {
            let batch = self.receive(queue).await?;
            if batch.is_empty() {
                return Ok(bodies);
            }
            for message in &batch {
                bodies.push(message.body().unwrap_or_default().to_owned());
                self.delete(queue, message).await?;
            }
        }
    }

    /// Returns all items of a table as debug text.
    pub async fn dump_table(&self, table: &str) -> Result<String> {
        let page = self.dynamodb.scan().table_name(table).send().await.context("cannot scan the table")?;
        Ok(format!("{:?}", page.items()))
    }

    /// Returns the URL of the queue with this logical id.
    pub fn queue_url(&self, logical_id: &str) -> String {
        self.stand_ins.queue_url(logical_id)
    }

    /// Returns the stored state of the usage table.
    pub async fn stored_state(&self) -> Result<StoredState> {
        stored_state::read(&self.dynamodb, "UsageTable").await
    }

    async fn receive(&self, queue: &str) -> Result<Vec<aws_sdk_sqs::types::Message>> {
        let call = self.sqs.receive_message().queue_url(queue).max_number_of_messages(BATCH_SIZE);
        Ok(call.send().await.context("cannot receive messages")?.messages.unwrap_or_default())
    }

    async fn delete(&self, queue: &str, message: &aws_sdk_sqs::types::Message) -> Result<()> {
        let call =
            self.sqs.delete_message().queue_url(queue).set_receipt_handle(message.receipt_handle.clone());
        call.send().await.context("cannot delete a message").map(drop)
    }
}

/// Returns a delivery of the chunk `name`.
pub fn chunk(name: &str, notifications: &[Value]) -> Delivery {
    let body = json!({"chunk": name, "received": 2_051_568_000_000_000_i64, "notifications": notifications});
    Delivery { id: name.to_owned(), body: body.to_string(), sent_at: None, service: None }
}

/// Converts a received message to the record that Lambda passes to a worker.
fn record(message: &aws_sdk_sqs::types::Message) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id.clone_from(&message.message_id);
    record.body.clone_from(&message.body);
    record
}
