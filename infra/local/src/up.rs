//! `steward up`: everything on one address, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use domain::access::Access;
use domain::platform::Platform;
use domain::platform::clock::Clock;
use domain::platform::variables::Variables;
use domain::streams::definitions::Definitions;
use domain::streams::settings::Settings;
use edge::gate::StackTachAuth;
use edge::log::LogFormat;
use edge::web::Web;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::bundle::Bundle;
use crate::first_key::FirstKey;
use crate::stand_ins::{StandIns, Storage};
use crate::stop::Stop;
use crate::{demonstration, samples, ticks};

/// Batches of one queue that are worked on at once.
const POLLERS: usize = 2;
/// How often records whose time to live is over are removed.
const SWEEP: Duration = Duration::from_hours(1);
/// How long requests and batches that have begun may take after the program was told to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to start, and how.
#[derive(Args, Debug)]
pub struct Up {
    /// Address to answer on; beyond loopback only where API keys are asked for
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Folder that keeps records and messages
    #[arg(long, value_name = "FOLDER", default_value = ".steward")]
    data: PathBuf,
    /// Keep records and messages in memory, as long as the program runs
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// How often to look for what is due: a number and ms, s, m or h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = period)]
    tick: Duration,
    /// How to write the log, to standard error: text or json; otherwise as the environment says
    #[arg(long, value_name = "FORMAT")]
    log: Option<LogFormat>,
    /// Decode paths as an API Gateway HTTP API does
    #[arg(long)]
    emulate_http_api: bool,
    /// Whom /db and /notifications let in: api-key or none; otherwise as the environment says, or none on loopback
    #[arg(long, value_name = "WHOM")]
    auth: Option<StackTachAuth>,
    /// Load sample records if there is nothing yet, and let in the users and keys that the documents show
    #[arg(long)]
    samples: bool,
}

impl Up {
    /// How the log is wanted, where that is said.
    pub fn log(&self) -> Option<LogFormat> {
        self.log
    }

    /// Starts everything, says where it is, and returns after it was stopped by Ctrl-C or SIGTERM.
    pub async fn run(self) -> Result<()> {
        let environment = Variables::from_env();
        let auth = self.auth(&environment)?;
        let rules = Definitions::by(&Settings::read(&environment)?)?;
        let listener = self.listener().await?;
        let terminated = signal(SignalKind::terminate())?;
        let stand_ins = Arc::new(StandIns::start(&self.storage(), Clock::system()).await?);
        let address = listener.local_addr()?;
        let web = Web::read(&environment)?;
        let base_url = web.public_base_url.unwrap_or(format!("http://{address}{}", web.base_path));
        let variables = environment
            .with(stand_ins.variables())
            .with([("STACKTACH_AUTH", auth.to_string()), ("PUBLIC_BASE_URL", base_url)]);
        let platform = Platform::new(stand_ins.dynamodb_client(), stand_ins.sqs_client(), variables);
        let (now, ids) = (platform.clock.now(), platform.ids.clone());
        let first_key = match self.storage() {
            Storage::Memory => FirstKey::Shown(ids.secret()),
            Storage::Folder(folder) => FirstKey::kept_in(&folder, || ids.secret())?,
        };
        let access = Access::new(&platform)?.with_first_secret(Some(first_key.secret().to_owned()));
        let bundle = Bundle::new(platform, access, rules)?;

        if self.samples {
            demonstration::grant_access(bundle.access()).await?;
            if stand_ins.are_empty().await? {
                bundle.post(samples::notifications(now)?).await.context("the samples were not accepted")?;
                demonstration::recomputations(&bundle).await?;
            }
        }
        let stop = Stop::new();
        let mut tasks = self.start(&bundle, &stand_ins, listener, &stop)?;
        self.say(address, &stand_ins, &first_key, now);
        let ended = until_told(terminated, &mut tasks).await;
        stop.stop();
        finish(tasks).await?;
        let stand_ins = Arc::into_inner(stand_ins).context("the stand-ins are still in use")?;
        stand_ins.stop(PATIENCE).await?;
        ended
    }

    /// Whom the APIs let in whose originals asked nobody.
    fn auth(&self, environment: &Variables) -> Result<StackTachAuth> {
        let said = match environment.get("STACKTACH_AUTH") {
            None => self.auth,
            Some(_) => self.auth.or(Some(StackTachAuth::read(environment)?)),
        };
        if self.listen.ip().is_loopback() {
            return Ok(said.unwrap_or(StackTachAuth::None));
        }
        if said == Some(StackTachAuth::None) {
            bail!(
                "{} is not a loopback address; without --auth api-key only this machine may ask",
                self.listen
            );
        }
        if self.samples {
            bail!(
                "{} is not a loopback address; everybody knows the keys that come with --samples",
                self.listen
            );
        }
        Ok(StackTachAuth::ApiKey)
    }

    async fn listener(&self) -> Result<TcpListener> {
        TcpListener::bind(self.listen).await.with_context(|| format!("cannot listen on {}", self.listen))
    }

    fn storage(&self) -> Storage {
        if self.memory { Storage::Memory } else { Storage::Folder(self.data.clone()) }
    }

    /// Everything that runs until `stop`: the gateway, the pollers, the ticks, the sweeps.
    fn start(
        &self,
        bundle: &Bundle,
        stand_ins: &Arc<StandIns>,
        listener: TcpListener,
        stop: &Stop,
    ) -> Result<JoinSet<Result<()>>> {
        let mut tasks = JoinSet::new();
        let (gateway, until) = (bundle.gateway(self.emulate_http_api)?, stop.clone());
        let gateway = gateway.into_make_service_with_connect_info::<SocketAddr>();
        tasks.spawn(async move {
            let served =
                axum::serve(listener, gateway).with_graceful_shutdown(async move { until.wait().await });
            served.await.context("the gateway failed")
        });
        for source in bundle.sources(&stand_ins.sqs_client())? {
            for _ in 0..POLLERS {
                let (source, until) = (source.clone(), stop.clone());
                tasks.spawn(async move {
                    source.poll(&until).await;
                    Ok(())
                });
            }
        }
        let (bundle, every, until) = (bundle.clone(), self.tick, stop.clone());
        tasks.spawn(async move {
            ticks::run(every, &until, || bundle.tick()).await;
            Ok(())
        });
        let (stand_ins, until) = (Arc::clone(stand_ins), stop.clone());
        tasks.spawn(async move {
            ticks::run(SWEEP, &until, || sweep(&stand_ins)).await;
            Ok(())
        });
        Ok(tasks)
    }

    /// Where everything is, and what to try.
    fn say(&self, address: SocketAddr, stand_ins: &StandIns, first_key: &FirstKey, now: DateTime<Utc>) {
        let kept = match self.storage() {
            Storage::Memory => "in memory, until it is stopped".to_owned(),
            Storage::Folder(path) => format!("in {}", path.display()),
        };
        println!(
            "Steward {version} is up; records are kept {kept}.

  API       http://{address}
  DynamoDB  {dynamodb}  (tables UsageTable, StreamTable, RegistryTable, OpsTable; any credentials)
  SQS       {sqs}  (queues NotificationQueue, UsageQueue, StreamQueue, MaintenanceQueue, VerifiedQueue, PublishedQueue)
  Key       {first_key}

Try:
  curl -s http://{address}/db/usage/launches
  curl -s http://{address}/db/usage/exists
  curl -s 'http://{address}/db/stats/events?event=compute.instance.exists'
  curl -s 'http://{address}/v1/streams?state=completed&limit=1'
  curl -s http://{address}/notifications -d '{{\"message_id\": \"1\", \"publisher_id\": \"me\", \"timestamp\": \"{now}\",
    \"event_type\": \"compute.instance.update\", \"payload\": {{}}}}'
  curl -s http://{address}/notifications/rejected{recomputations}
Stop with Ctrl-C.",
            version = env!("CARGO_PKG_VERSION"),
            now = now.format("%Y-%m-%d %H:%M:%S"),
            first_key = match first_key {
                FirstKey::Kept(file, _) => format!("of an administrator: in {}", file.display()),
                FirstKey::Shown(key) => format!("of an administrator: {key}"),
            },
            recomputations = if self.samples {
                format!("\n  curl -s -H 'x-api-key: {}' http://{address}/recomputations", demonstration::KEY)
            } else {
                String::new()
            },
            dynamodb = stand_ins.dynamodb_endpoint(),
            sqs = stand_ins.sqs_endpoint(),
        );
    }
}

async fn sweep(stand_ins: &StandIns) {
    match stand_ins.sweep().await {
        Ok(removed) => tracing::debug!(removed, "expired records"),
        Err(error) => tracing::error!("expired records stay: {error:#}"),
    }
}

/// Returns when the user or the system says so, or with the error of a task that ended by itself.
async fn until_told(mut terminated: Signal, tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    tokio::select! {
        _ = terminated.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("Ctrl-C cannot be waited for"),
        Some(ended) = tasks.join_next() => {
            ended.context("a task panicked")??;
            bail!("a task ended by itself")
        }
    }
}

/// Waits for what has begun.
async fn finish(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            ended.context("a task panicked")??;
        }
        Ok(())
    };
    let finished = timeout(PATIENCE, all).await;
    tasks.shutdown().await;
    finished.unwrap_or_else(|_| Err(anyhow!("a request or a batch did not end in time")))
}

/// `500ms`, `5s`, `1m`, `2h`; more than nothing.
fn period(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let millis = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("a number and ms, s, m or h is expected, such as 60s".to_owned()),
    };
    let number: u32 =
        digits.parse().map_err(|_| "a whole number and ms, s, m or h is expected".to_owned())?;
    match u64::from(number) * millis {
        0 => Err("it must be more than nothing".to_owned()),
        millis => Ok(Duration::from_millis(millis)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_number_and_a_unit() {
        let cases =
            [("250ms", Some(250)), ("5s", Some(5_000)), ("1m", Some(60_000)), ("2h", Some(7_200_000))];
        for (text, millis) in cases {
            assert_eq!(period(text).ok(), millis.map(Duration::from_millis), "{text}");
        }
        for text in ["", "5", "s", "0s", "-1s", "1.5s", "5 s", "5d", "99999999999s"] {
            assert!(period(text).is_err(), "{text}");
        }
    }
}
