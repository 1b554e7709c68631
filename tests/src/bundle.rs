//! The whole bundle in the test's own process, on fresh stand-ins in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Access;
use domain::access::administering::NewKey;
use domain::access::audit::Origin;
use domain::error::Error;
use domain::ingest::plan::Delivery;
use domain::ingest::{Intake, Recorder};
use domain::platform::Platform;
use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use domain::platform::variables::Variables;
use domain::recomputations::Recomputations;
use domain::storage::block::Start;
use domain::storage::key::SHARDS;
use domain::storage::table::Table;
use domain::streams::Streams;
use domain::streams::definitions::Definitions;
use domain::streams::listing::StreamFilter;
use domain::streams::running::Runner;
use domain::streams::state::State;
use domain::time::Micros;
use domain::usage::Usage;
use domain::usage::sweeping::Sweeper;
use domain::usage::task::UsageTask;
use domain::usage::verifying::Verifier;
use domain::work::due;
use domain::work::queue::Queue;
use domain::{streams, usage};
use local::clients;
use local::stand_ins::{StandIns, Storage};
use maintenance::operation;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::lockstep::Lockstep;
use crate::scheduler::Scheduler;
use crate::snapshot::{self, Snapshot};

/// The secret by which the first administrator comes in.
pub const FIRST_SECRET: &str = "the first secret";
/// How long a worker of the bundle may hold what it takes up.
pub const LEASE_SECONDS: i64 = 60;
/// How long a message that a worker did not finish stays invisible, as the template says.
pub const VISIBILITY_SECONDS: i64 = 360;

/// Seconds that the worker of operations may take, as the template says.
pub const MAINTENANCE_SECONDS: i64 = 900;
/// The period of heartbeats of a worker that runs a statement.
const HEARTBEAT: Duration = Duration::from_millis(20);
/// How long its statements wait for a lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(20);

/// The bundle, on stand-ins of its own.
pub struct TestBundle {
    /// The time, which only the test moves.
    pub clock: Clock,
    /// What everything stands on.
    pub platform: Platform,
    /// Accepts notifications.
    pub intake: Intake,
    /// Records them.
    pub recorder: Recorder,
    /// The ledger.
    pub usage: Usage,
    /// Verifies exists records.
    pub verifier: Verifier,
    /// Finds what is due to be verified.
    pub sweeper: Sweeper,
    /// Streams and events.
    pub streams: Streams,
    /// Runs streams that are due.
    pub runner: Runner,
    /// Operations on PostgreSQL servers.
    pub operations: operation::Operations,
    /// Runs them.
    pub maintenance: operation::running::Runner,
    /// The usage table.
    pub table: Table,
    /// The queue of streams that are due.
    pub stream_queue: Queue,
    /// Principals and the audit log.
    pub access: Access,
    /// Recomputation requests.
    pub recomputations: Recomputations,
    /// On every call to the tables.
    pub faults: Faults,
    /// On every call to the queues that is not the test's own.
    pub queue_faults: Faults,
    /// What streams go by.
    pub rules: Arc<Definitions>,
    configs: (aws_sdk_dynamodb::Config, aws_sdk_sqs::Config),
    /// Under every call to the tables and the queues.
    pub lockstep: Lockstep,
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    stand_ins: StandIns,
}

/// One of several workers of a bundle, whose every call waits at a gate.
pub struct Worker {
    /// Records notifications.
    pub recorder: Recorder,
    /// Runs streams that are due.
    pub runner: Runner,
    /// Verifies exists records.
    pub verifier: Verifier,
}

impl TestBundle {
    /// A bundle with default settings, at 2035-01-05 00:00:30.
    pub async fn start() -> Result<Self> {
        Self::with([]).await
    }

    /// A bundle with some settings changed, whose streams go by no rules: a ledger alone.
    pub async fn with<const N: usize>(settings: [(&str, &str); N]) -> Result<Self> {
        Self::by(Arc::default(), settings).await
    }

    /// A bundle whose streams go by the rules that Steward comes with.
    pub async fn with_streams() -> Result<Self> {
        Self::by(Arc::new(Definitions::shipped()?), []).await
    }

    /// A bundle whose streams go by these rules, with some settings changed.
    pub async fn by<const N: usize>(rules: Arc<Definitions>, settings: [(&str, &str); N]) -> Result<Self> {
        let now: DateTime<Utc> = "2035-01-05T00:00:30Z".parse().context("a time")?;
        let (clock, faults, queue_faults) = (Clock::manual(now), Faults::default(), Faults::default());
        let lockstep = Lockstep::default();
        let stand_ins = StandIns::start(&Storage::Memory, clock.clone()).await?;
        let dynamodb_config = clients::dynamodb(stand_ins.dynamodb_endpoint())
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled());
        let sqs_config = clients::sqs(stand_ins.sqs_endpoint())
            .retry_config(aws_sdk_sqs::config::retry::RetryConfig::disabled());
        let configs = (dynamodb_config.clone().build(), sqs_config.clone().build());
        let admin = aws_sdk_dynamodb::Client::from_conf(configs.0.clone());
        let sqs = aws_sdk_sqs::Client::from_conf(configs.1.clone());
        let http = admin.config().http_client().context("the clients are given one")?;
        let dynamodb_config =
            dynamodb_config.http_client(lockstep.around(http.clone())).interceptor(faults.clone());
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb_config.build());
        let sqs_config = sqs_config.http_client(lockstep.around(http)).interceptor(queue_faults.clone());
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
        let streams = Streams::new(&platform, Arc::clone(&rules))?;
        Ok(Self {
            clock,
            intake: Intake::new(&platform)?,
            recorder: Recorder::new(&platform, Arc::clone(&rules))?,
            usage: Usage::new(&platform)?,
            verifier: Verifier::new(&platform)?,
            sweeper: Sweeper::new(&platform)?,
            runner: Runner::new(&platform, streams.clone())?,
            streams,
            operations: operation::Operations::new(&platform)?,
            maintenance: operation::running::Runner::new(&platform)?.with_heartbeat(HEARTBEAT, LOCK_TIMEOUT),
            table: platform.table(usage::TABLE)?,
            stream_queue: platform.queue(streams::QUEUE)?,
            rules,
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

    /// A worker on the same tables and queues behind a gate, where it has this number.
    pub fn worker(&self, scheduler: &Scheduler, number: usize) -> Worker {
        self.worker_behind(|client| scheduler.before(client, number))
    }

    /// A worker on the same tables and queues whose calls go through something.
    pub fn worker_behind(&self, through: impl Fn(SharedHttpClient) -> SharedHttpClient) -> Worker {
        let (dynamodb, sqs) = &self.configs;
        let (tables, queues) =
            (dynamodb.http_client().expect("there is one"), sqs.http_client().expect("there is one"));
        let dynamodb = dynamodb.to_builder().http_client(through(tables)).build();
        let sqs = sqs.to_builder().http_client(through(queues)).build();
        let clients = (aws_sdk_dynamodb::Client::from_conf(dynamodb), aws_sdk_sqs::Client::from_conf(sqs));
        let (clock, ids) = (self.clock.clone(), self.platform.ids.clone());
        let variables = self.platform.variables.clone();
        let platform = Platform { clock, ids, ..Platform::new(clients.0, clients.1, variables) };
        let rules = Arc::clone(&self.rules);
        let worker = || {
            Ok::<_, Error>(Worker {
                recorder: Recorder::new(&platform, Arc::clone(&rules))?,
                runner: Runner::new(&platform, Streams::new(&platform, rules)?)?,
                verifier: Verifier::new(&platform)?,
            })
        };
        worker().expect("its tables and queues are named")
    }

    /// Lets in whoever shows `secret` as an API key, with these roles.
    pub async fn key(&self, secret: &str, tenant: &str, roles: &[&str]) -> Result<()> {
        let grants = roles.iter().map(|role| role.parse().map_err(anyhow::Error::msg));
        let new = NewKey {
            name: secret.to_owned(),
            tenant: tenant.to_owned(),
            grants: grants.collect::<Result<_>>()?,
            expires: None,
        };
        let origin = Origin {
            actor: "test".to_owned(),
            tenant: tenant.to_owned(),
            address: String::new(),
            request: String::new(),
        };
        self.access.key_add(new, secret, &origin).await?;
        Ok(())
    }

    /// Lets a stream's pipeline fail, on a record whose message id is no UUID: the stream's id.
    pub async fn broken_stream(&self) -> Result<u64> {
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
        let found = self.streams.list(&filter, Start::Newest, 1).await?;
        Ok(found.first().context("its pipeline failed")?.id)
    }

    /// Accepts notifications as the front door does, and records them.
    pub async fn record(&self, notifications: &Value) -> Result<usize> {
        let body = serde_json::to_vec(notifications)?;
        let accepted = self.intake.accept(&body, None).await;
        let accepted = accepted.map_err(|refusal| anyhow::anyhow!("{:?}", refusal.error))?;
        self.drain().await?;
        Ok(accepted)
    }

    /// Records what the queue delivers in one invocation; false where any of it goes back to the queue.
    pub async fn process(&self, deliveries: &[Delivery]) -> bool {
        let outcomes = self.recorder.process(deliveries.to_vec(), self.deadline()).await;
        outcomes.into_iter().all(|(_, outcome)| outcome.is_ok())
    }

    /// The messages by which everything that is due in these minutes is verified.
    pub fn sweeps(&self, from: i64, to: i64) -> Vec<UsageTask> {
        (0..SHARDS).map(|shard| UsageTask::Sweep { from, to, shard, after: None }).collect()
    }

    /// The minute (since the epoch) that it is.
    pub fn minute(&self) -> i64 {
        due::current_minute(self.clock.now().into())
    }

    /// Verifies what is due in these minutes; false where any of it goes back to the queue.
    pub async fn verify(&self, from: i64, to: i64) -> bool {
        let mut is_done = true;
        for task in self.sweeps(from, to) {
            let body = task.body().expect("it can be written");
            is_done &= self.verifier.work(&body, self.deadline()).await.is_ok();
        }
        is_done
    }

    /// What is stored when nothing is left to do, but for the chunks; and under how many message ids each notification was
    /// announced.
    pub async fn outcome(&self) -> Result<(Snapshot, BTreeMap<String, usize>)> {
        let mut snapshot = self.settle().await?;
        snapshot.remove("chunk");
        let mut announced = BTreeMap::<String, BTreeSet<String>>::new();
        for message in self.verified().await? {
            let ids = announced.entry(message["original_message_id"].to_string()).or_default();
            ids.insert(message["message_id"].to_string());
        }
        Ok((snapshot, announced.into_iter().map(|(original, ids)| (original, ids.len())).collect()))
    }

    /// Ticks once and does all work that follows.
    pub async fn tick(&self) -> Result<()> {
        self.sweeper.tick().await?;
        self.drain().await
    }

    /// Lets what died be taken up again, and ticks every minute until nothing is left to do.
    pub async fn settle(&self) -> Result<Snapshot> {
        self.advance(TimeDelta::seconds(LEASE_SECONDS + VISIBILITY_SECONDS));
        self.drain().await?;
        for _ in 0..20 {
            self.advance(TimeDelta::minutes(1));
            self.tick().await?;
            let snapshot = self.snapshot().await?;
            if !["due", "outbox", "open block"].into_iter().any(|kind| snapshot.contains_key(kind)) {
                return Ok(snapshot);
            }
        }
        anyhow::bail!("something is left undone: {:?}", self.snapshot().await?)
    }

    /// Moves the clock.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Until when a worker that begins now may hold what it takes up.
    pub fn deadline(&self) -> Micros {
        Micros::from(self.clock.now()).plus_seconds(LEASE_SECONDS)
    }

    /// Does what is queued and visible, and what that queues, until nothing is left. A message that fails stays
    /// invisible until the clock is moved.
    pub async fn drain(&self) -> Result<()> {
        let (notifications, usage, streams, operations) = (
            self.queue_url("NotificationQueue"),
            self.queue_url("UsageQueue"),
            self.queue_url("StreamQueue"),
            self.queue_url("MaintenanceQueue"),
        );
        loop {
            let batch = self.receive(&notifications).await?;
            let deliveries = batch.iter().map(delivery).collect();
            let outcomes: HashMap<_, _> =
                self.recorder.process(deliveries, self.deadline()).await.into_iter().collect();
            for message in &batch {
                if matches!(outcomes.get(message.message_id().unwrap_or_default()), Some(Ok(()))) {
                    self.delete(&notifications, message).await?;
                }
            }
            let tasks = self.receive(&usage).await?;
            for message in &tasks {
                if self.verifier.work(message.body().unwrap_or_default(), self.deadline()).await.is_ok() {
                    self.delete(&usage, message).await?;
                }
            }
            let due = self.receive(&streams).await?;
            for message in &due {
                if self.runner.work(message.body().unwrap_or_default(), self.deadline()).await.is_ok() {
                    self.delete(&streams, message).await?;
                }
            }
            let runs = self.receive(&operations).await?;
            for message in &runs {
                let deadline = Micros::from(self.clock.now()).plus_seconds(MAINTENANCE_SECONDS);
                if self.maintenance.work(message.body().unwrap_or_default(), deadline).await.is_ok() {
                    self.delete(&operations, message).await?;
                }
            }
            if batch.is_empty() && tasks.is_empty() && due.is_empty() && runs.is_empty() {
                return Ok(());
            }
        }
    }

    /// The verified notifications that were published so far; they are taken out of their queue.
    pub async fn verified(&self) -> Result<Vec<Value>> {
        let bodies = self.queued(&self.queue_url("VerifiedQueue")).await?;
        bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
    }

    /// The bodies that wait in a queue; they are taken out of it.
    pub async fn queued(&self, queue: &str) -> Result<Vec<String>> {
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

    /// Everything that a table holds, printed.
    pub async fn stored(&self, table: &str) -> Result<String> {
        let found = self.dynamodb.scan().table_name(table).send().await.context("the table answers")?;
        Ok(format!("{:?}", found.items()))
    }

    /// The URL of the queue with this logical id.
    pub fn queue_url(&self, logical_id: &str) -> String {
        self.stand_ins.queue_url(logical_id)
    }

    /// What is stored, without ids.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        snapshot::of(&self.dynamodb, "UsageTable").await
    }

    async fn receive(&self, queue: &str) -> Result<Vec<aws_sdk_sqs::types::Message>> {
        let call = self.sqs.receive_message().queue_url(queue).max_number_of_messages(10);
        Ok(call.send().await.context("the queue answers")?.messages.unwrap_or_default())
    }

    async fn delete(&self, queue: &str, message: &aws_sdk_sqs::types::Message) -> Result<()> {
        let call =
            self.sqs.delete_message().queue_url(queue).set_receipt_handle(message.receipt_handle.clone());
        call.send().await.context("the queue answers").map(drop)
    }
}

/// A chunk of this name as the worker gets it.
pub fn chunk(name: &str, notifications: &[Value]) -> Delivery {
    let body = json!({"chunk": name, "received": 2_051_568_000_000_000_i64, "notifications": notifications});
    Delivery { id: name.to_owned(), body: body.to_string(), sent_at: None, service: None }
}

/// A message as the worker gets it.
pub fn delivery(message: &aws_sdk_sqs::types::Message) -> Delivery {
    Delivery {
        id: message.message_id().unwrap_or_default().to_owned(),
        body: message.body().unwrap_or_default().to_owned(),
        sent_at: None,
        service: None,
    }
}
