//! The text that `steward up` prints when it is ready: addresses, and requests to try.

use std::fmt;
use std::net::SocketAddr;

use chrono::{DateTime, Utc};

use crate::databases::{Database, Databases};
use crate::demo;
use crate::first_key::FirstKey;
use crate::stand_ins::{StandIns, Storage};

/// Everything that the text mentions.
pub struct Welcome<'a> {
    /// The address of the APIs.
    pub address: SocketAddr,
    /// The storage of records and messages.
    pub storage: &'a Storage,
    /// The stand-ins for services of AWS.
    pub stand_ins: &'a StandIns,
    /// The database servers.
    pub databases: &'a Databases,
    /// The first administrator's API key.
    pub first_key: &'a FirstKey,
    /// Whether there are samples.
    pub has_samples: bool,
    /// The time.
    pub now: DateTime<Utc>,
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, databases, stand_ins, .. } = self;
        let Databases { postgres, mariadb } = databases;
        let storage = match self.storage {
            Storage::Memory => "in memory until it ends".to_owned(),
            Storage::Directory(path) => format!("in {}", path.display()),
        };
        let key = match self.first_key {
            FirstKey::File { path, .. } => format!("in {}", path.display()),
            FirstKey::Printed(secret) => secret.clone(),
        };
        write!(
            f,
            "Steward {version} is running. Records are kept {storage}.

  API         http://{address}
  DynamoDB    {dynamodb}  (tables UsageTable, StreamTable, RegistryTable, OpsTable; any credentials)
  SQS         {sqs}  (queues NotificationQueue, UsageQueue, StreamQueue, MaintenanceQueue, ChangesetQueue, VerifiedQueue, PublishedQueue)
  PostgreSQL  {postgres}
  MariaDB     {mariadb}
  API key     {key}  (administrator)

Try:
  curl -s http://{address}/db/usage/launches
  curl -s http://{address}/db/usage/exists
  curl -s 'http://{address}/db/stats/events?event=compute.instance.exists'
  curl -s 'http://{address}/v1/streams?state=completed&limit=1'
  curl -s http://{address}/notifications -d '{{\"message_id\": \"1\", \"publisher_id\": \"me\", \"timestamp\": \"{now}\",
    \"event_type\": \"compute.instance.update\", \"payload\": {{}}}}'
  curl -s http://{address}/notifications/rejected
",
            version = env!("CARGO_PKG_VERSION"),
            dynamodb = stand_ins.dynamodb_endpoint(),
            sqs = stand_ins.sqs_endpoint(),
            now = self.now.format("%Y-%m-%d %H:%M:%S"),
        )?;
        let key = demo::API_KEY;
        if self.has_samples {
            writeln!(f, "  curl -s -H 'x-api-key: {key}' http://{address}/recomputations")?;
        }
        if let Database::Sample(_) = postgres {
            let database = format!("http://{address}/maintenance/postgres");
            writeln!(f, "  curl -s '{database}/schema/public?key={key}'")?;
            writeln!(f, "  curl -s '{database}/advice?key={key}'")?;
            writeln!(
                f,
                "  curl -s '{database}/schema/public/table/city/vacuum?key={key}' -d '{{\"mode\": \"full\"}}'"
            )?;
            writeln!(f, "  curl -s 'http://{address}/maintenance/operations?key={key}'")?;
        }
        if let Database::Sample(_) = mariadb {
            writeln!(f, "  curl -s -u dba:dba http://{address}/api/v1/changeset/")?;
        }
        f.write_str("Press Ctrl-C to stop.")
    }
}
