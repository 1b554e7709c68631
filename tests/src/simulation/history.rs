//! Pure. The notifications of a run: lives of instances that end with a usage record, and updates of busy tenants.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::time::Micros;
use serde_json::{Value, json};

use crate::rng::Rng;
use crate::simulation::plan::Load;
use crate::simulation::time::at;

/// Seconds from the start of a run to the end of the audit period of all usage records.
const AUDIT_END: u64 = 120;
/// Seconds of an audit period.
const AUDIT_PERIOD: i64 = 86_400;
/// Tenants that report updates all the time.
const BUSY_TENANTS: u64 = 2;
/// Tenants of all instances: few, so that many workers append to the same streams.
const TENANTS: usize = 4;

/// A notification and when it is sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The time from the start of the run.
    pub at: Duration,
    /// The notification.
    pub notification: Value,
}

/// Returns the notifications of a run by time.
pub fn notifications(seed: u64, load: &Load) -> Vec<Sent> {
    let mut history = History { rng: Rng::new(seed), sent: Vec::new() };
    for _ in 0..load.instances {
        history.add_instance();
    }
    for tenant in 0..BUSY_TENANTS {
        history.add_updates(tenant, load.busy_seconds);
    }
    history.sent.sort_by_key(|sent| sent.at);
    history.sent
}

struct History {
    rng: Rng,
    sent: Vec<Sent>,
}

fn micros(elapsed: Duration) -> Micros {
    let time: DateTime<Utc> = at(elapsed);
    Micros::from(time)
}

impl History {
    fn seconds(&mut self, low: u64, high: u64) -> Duration {
        let span = usize::try_from(high - low).unwrap_or_default();
        Duration::from_secs(low + self.rng.below(span) as u64)
    }

    fn send(&mut self, event_type: &str, at: Duration, payload: &Value) {
        let notification = json!({
            "message_id": self.rng.uuid(), "event_type": event_type, "publisher_id": "compute.node1",
            "timestamp": micros(at).to_string(), "priority": "INFO",
            "_context_request_id": "req-1", "payload": payload,
        });
        self.sent.push(Sent { at, notification });
    }

    /// Adds the life of an instance. A tenth of them have no launch and fail verification for it.
    fn add_instance(&mut self) {
        let tenant = (5_850_000 + self.rng.below(TENANTS)).to_string();
        let mut payload = json!({
            "instance_id": self.rng.uuid(), "tenant_id": tenant, "instance_type_id": 2 + self.rng.below(6),
            "instance_flavor_id": "performance1-4", "state": "active", "launched_at": "", "deleted_at": "",
            "image_meta": {
                "image_type": "base", "org.openstack__1__architecture": "x64",
                "org.openstack__1__os_distro": "org.centos", "org.openstack__1__os_version": "5.8",
                "com.rackspace__1__options": "0",
            },
        });
        let created = self.seconds(0, 50);
        self.send("compute.instance.create.start", created, &payload);
        payload["launched_at"] = json!(micros(created).to_string());
        if !self.rng.percent(10) {
            self.send("compute.instance.create.end", created + Duration::from_secs(3), &payload);
        }
        if self.rng.percent(50) {
            self.add_delete(&mut payload);
        }
        let end = Duration::from_secs(AUDIT_END);
        payload["audit_period_beginning"] = json!(micros(end).plus_seconds(-AUDIT_PERIOD).to_string());
        payload["audit_period_ending"] = json!(micros(end).to_string());
        payload["bandwidth"] = json!({"public": {"bw_out": self.rng.below(1 << 20)}});
        let sent = end + self.seconds(1, 15);
        self.send("compute.instance.exists", sent, &payload);
    }

    /// Adds the delete of an instance, which its usage record then names.
    fn add_delete(&mut self, payload: &mut Value) {
        let deleted = self.seconds(60, AUDIT_END - 5);
        self.send("compute.instance.delete.start", deleted, payload);
        let mut ended = payload.clone();
        ended["deleted_at"] = json!(micros(deleted).plus_seconds(1).to_string());
        ended["terminated_at"] = json!(micros(deleted).to_string());
        self.send("compute.instance.delete.end", deleted + Duration::from_secs(1), &ended);
        payload["deleted_at"] = json!(micros(deleted).to_string());
    }

    /// Adds updates of an instance of a busy tenant, a few seconds apart.
    fn add_updates(&mut self, tenant: u64, until: u64) {
        let payload = json!({
            "instance_id": self.rng.uuid(), "tenant_id": format!("busy-{tenant}"), "state": "active",
        });
        let mut at = self.seconds(0, 10);
        while at < Duration::from_secs(until) {
            self.send("compute.instance.update", at, &payload);
            at += self.seconds(2, 16);
        }
    }
}
