//! `steward up`: runs the whole bundle on one address until it is interrupted.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use axum::Router;
use chrono::{DateTime, Utc};
use clap::Args;
use domain::access::Access;
use domain::platform::Platform;
use domain::platform::clock::Clock;
use domain::platform::variables::Variables;
use domain::streams::definitions::Definitions;
use domain::streams::settings::Settings;
use edge::authorizer::StackTachAuth;
use edge::log::LogFormat;
use edge::web::Web;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::bundle::Bundle;
use crate::databases::{Database, DatabaseOptions, Databases};
use crate::first_key::FirstKey;
use crate::schedule::run_every;
use crate::shutdown::Shutdown;
use crate::stand_ins::{StandIns, Storage};
use crate::welcome::Welcome;
use crate::{demo, demo_changesets, samples};

/// Concurrent batches per worker queue.
const POLLERS_PER_QUEUE: usize = 2;
/// Interval at which expired records are deleted.
const EXPIRY_INTERVAL: Duration = Duration::from_hours(1);
/// Limit for requests and batches in progress at shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Start every API, queue worker and schedule, and run until interrupted
#[derive(Args, Debug)]
pub struct Up {
    /// Address to listen on; on any address but loopback, API keys are required
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Directory for records and messages
    #[arg(long, value_name = "DIR", default_value = ".steward")]
    data: PathBuf,
    /// Keep records and messages in memory, until the program ends
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// Interval at which work that has come due is handled: a number followed by ms, s, m or h
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    tick: Duration,
    #[arg(
        long,
        value_name = "FORMAT",
        help = "Format of the log on standard error: text or json [default: $LOG_FORMAT, or text]"
    )]
    log: Option<LogFormat>,
    /// Decode paths as an API Gateway HTTP API does
    #[arg(long)]
    emulate_http_api: bool,
    #[arg(
        long,
        value_name = "MODE",
        help = "Authentication of /db, /v1 and /notifications: api-key or none [default: $STACKTACH_AUTH, or none on \
                loopback]"
    )]
    auth: Option<StackTachAuth>,
    /// Load sample data if there are no records, create the documented users and API key, and start a PostgreSQL server and
    /// two MariaDB servers with sample databases if none are configured
    #[arg(long)]
    samples: bool,
    #[command(flatten)]
    databases: DatabaseOptions,
}

impl Up {
    /// Returns the log format, if one was given.
    pub fn log(&self) -> Option<LogFormat> {
        self.log
    }

    /// Runs the bundle until Ctrl-C or SIGTERM, and then shuts down gracefully.
    pub async fn run(self) -> Result<()> {
        let environment = self.databases.environment()?;
        let auth = self.auth(&environment)?;
        let rules = Definitions::from_settings(&Settings::read(&environment)?)?;
        let listener = self.bind().await?;
        let sigterm = signal(SignalKind::terminate())?;
        let stand_ins = Arc::new(StandIns::start(&self.storage(), Clock::system()).await?);
        let address = listener.local_addr()?;
        let databases = Databases::start(&environment, &self.storage(), self.samples).await?;
        let platform = platform(&databases.add_urls(environment), &stand_ins, auth, address)?;
        databases.register(&platform).await?;
        let (now, ids) = (platform.clock.now(), platform.ids.clone());
        let first_key = match self.storage() {
            Storage::Memory => FirstKey::Printed(ids.secret()),
            Storage::Directory(path) => FirstKey::load_or_create(&path, || ids.secret())?,
        };
        let access = Access::new(&platform)?.with_first_secret(Some(first_key.secret().to_owned()));
        let bundle = Bundle::new(platform, access, rules)?;
        if self.samples {
            seed(&bundle, &stand_ins, &databases, now).await?;
        }

        let shutdown = Shutdown::new();
        let mut tasks = self.spawn(&bundle, &stand_ins, listener, &shutdown)?;
        let welcome = Welcome {
            address,
            storage: &self.storage(),
            stand_ins: &stand_ins,
            databases: &databases,
            first_key: &first_key,
            has_samples: self.samples,
            now,
        };
        println!("{welcome}");
        let result = wait_for_interrupt(sigterm, &mut tasks).await;
        shutdown.trigger();
        join(tasks).await?;
        tokio::task::spawn_blocking(|| drop(databases)).await?;
        let stand_ins = Arc::into_inner(stand_ins).context("the stand-ins are still in use")?;
        stand_ins.stop(SHUTDOWN_TIMEOUT).await?;
        result
    }

    /// Returns the authentication of `/db`, `/v1` and `/notifications`. Only on loopback can it be none.
    fn auth(&self, environment: &Variables) -> Result<StackTachAuth> {
        let auth = match environment.get("STACKTACH_AUTH") {
            None => self.auth,
            Some(_) => self.auth.or(Some(StackTachAuth::read(environment)?)),
        };
        if self.listen.ip().is_loopback() {
            return Ok(auth.unwrap_or(StackTachAuth::None));
        }
        if auth == Some(StackTachAuth::None) {
            bail!("{} is not a loopback address and requires --auth api-key", self.listen);
        }
        if self.samples {
            bail!(
                "{} is not a loopback address and forbids --samples, which creates publicly known credentials",
                self.listen
            );
        }
        Ok(StackTachAuth::ApiKey)
    }

    async fn bind(&self) -> Result<TcpListener> {
        TcpListener::bind(self.listen).await.with_context(|| format!("cannot listen on {}", self.listen))
    }

    fn storage(&self) -> Storage {
        if self.memory { Storage::Memory } else { Storage::Directory(self.data.clone()) }
    }

    /// Spawns the tasks that run until shutdown: the gateway, the pollers, the ticks, and the expiry of records.
    fn spawn(
        &self,
        bundle: &Bundle,
        stand_ins: &Arc<StandIns>,
        listener: TcpListener,
        shutdown: &Shutdown,
    ) -> Result<JoinSet<Result<()>>> {
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, bundle.gateway(self.emulate_http_api)?, shutdown.clone()));
        for source in bundle.event_sources()? {
            for _ in 0..POLLERS_PER_QUEUE {
                let (source, shutdown) = (source.clone(), shutdown.clone());
                tasks.spawn(async move {
                    source.poll(&shutdown).await;
                    Ok(())
                });
            }
        }
        let (bundle, interval, until) = (bundle.clone(), self.tick, shutdown.clone());
        tasks.spawn(async move {
            run_every(interval, &until, || bundle.tick()).await;
            Ok(())
        });
        let (stand_ins, until) = (Arc::clone(stand_ins), shutdown.clone());
        tasks.spawn(async move {
            run_every(EXPIRY_INTERVAL, &until, || delete_expired(&stand_ins)).await;
            Ok(())
        });
        Ok(tasks)
    }
}

/// Returns the platform on the stand-ins. Links in responses default to the address of the gateway.
fn platform(
    environment: &Variables,
    stand_ins: &StandIns,
    auth: StackTachAuth,
    address: SocketAddr,
) -> Result<Platform> {
    let web = Web::read(environment)?;
    let base_url = web.public_base_url.unwrap_or(format!("http://{address}{}", web.base_path));
    let variables = environment
        .with(stand_ins.variables())
        .with([("STACKTACH_AUTH", auth.to_string()), ("PUBLIC_BASE_URL", base_url)]);
    Ok(Platform::new(stand_ins.dynamodb_client(), stand_ins.sqs_client(), variables))
}

/// Creates the documented credentials, and loads the samples if there are no records.
async fn seed(
    bundle: &Bundle,
    stand_ins: &StandIns,
    databases: &Databases,
    now: DateTime<Utc>,
) -> Result<()> {
    demo::seed_access(bundle.access()).await?;
    if let Database::Sample(servers) = &databases.mariadb {
        demo_changesets::seed(bundle, servers.ports())
            .await
            .context("cannot create the sample changesets")?;
    }
    if stand_ins.are_empty().await? {
        bundle.post(samples::notifications(now)?).await.context("cannot load the samples")?;
        demo::seed_recomputations(bundle).await?;
    }
    Ok(())
}

async fn serve(listener: TcpListener, gateway: Router, shutdown: Shutdown) -> Result<()> {
    let gateway = gateway.into_make_service_with_connect_info::<SocketAddr>();
    let triggered = async move { shutdown.triggered().await };
    axum::serve(listener, gateway).with_graceful_shutdown(triggered).await.context("the gateway failed")
}

async fn delete_expired(stand_ins: &StandIns) {
    match stand_ins.delete_expired().await {
        Ok(deleted) => tracing::debug!(deleted, "deleted expired records"),
        Err(error) => tracing::error!("cannot delete expired records: {error:#}"),
    }
}

/// Waits for Ctrl-C or SIGTERM. Fails if a task ends before.
async fn wait_for_interrupt(mut sigterm: Signal, tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    tokio::select! {
        _ = sigterm.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for Ctrl-C"),
        Some(joined) = tasks.join_next() => {
            joined.context("a task panicked")??;
            bail!("a task ended unexpectedly")
        }
    }
}

/// Waits until all tasks have ended. Aborts those that exceed the timeout.
async fn join(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    let all = async {
        while let Some(joined) = tasks.join_next().await {
            joined.context("a task panicked")??;
        }
        Ok(())
    };
    let joined = timeout(SHUTDOWN_TIMEOUT, all).await;
    tasks.shutdown().await;
    joined.unwrap_or_else(|_| Err(anyhow!("a request or a batch did not end within {SHUTDOWN_TIMEOUT:?}")))
}

/// Parses a positive duration such as `500ms`, `5s`, `1m` or `2h`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_millis = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("expected a number followed by ms, s, m or h, such as 60s".to_owned()),
    };
    let number: u32 =
        digits.parse().map_err(|_| "expected a whole number before the unit, such as 60s".to_owned())?;
    match u64::from(number) * unit_millis {
        0 => Err("expected more than zero".to_owned()),
        millis => Ok(Duration::from_millis(millis)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_positive_whole_number_and_a_unit() {
        let cases =
            [("250ms", Some(250)), ("5s", Some(5_000)), ("1m", Some(60_000)), ("2h", Some(7_200_000))];
        for (text, millis) in cases {
            assert_eq!(parse_duration(text).ok(), millis.map(Duration::from_millis), "{text}");
        }
        for text in ["", "5", "s", "0s", "-1s", "1.5s", "5 s", "5d", "99999999999s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
