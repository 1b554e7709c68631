//! Pure. Instances: which event types change a launch, and how; deletes; exists.

use serde_json::Value;

use super::{Effect, NewInstanceDelete, NewInstanceExists, Reason, Recording, Warning};
use crate::notification::envelope::Notification;
use crate::notification::mark::Mark;
use crate::notification::payload::{Unreadable, image_type, integer, text, time};
use crate::time::Micros;
use crate::usage::launch::{FlavorRule, Image, LaunchChange, LaunchTime};

/// What an event of a launch does with the payload's launch time.
#[derive(Clone, Copy)]
enum TimeRule {
    Keep,
    Fill,
    Advance,
}

pub(super) fn record(notification: &Notification, mark: &Mark) -> Result<Recording, Reason> {
    let Some(event) = notification.event_type.strip_prefix("compute.instance.") else {
        return Ok(Recording::default());
    };
    let Some(instance) = notification.instance() else { return Ok(Recording::default()) };
    match event {
        "delete.end" => delete(instance, &notification.payload),
        "exists" => exists(instance, notification),
        _ => Ok(launch(instance, event, notification, mark)),
    }
}

/// The table of `StackTach` v2's launch events.
fn rules(event: &str) -> Option<(FlavorRule, TimeRule)> {
    match event {
        "create.start" | "finish_resize.start" => Some((FlavorRule::Overwrite, TimeRule::Keep)),
        "rebuild.start" | "rescue.start" => Some((FlavorRule::Overwrite, TimeRule::Fill)),
        "resize.prep.start" | "resize.revert.start" => Some((FlavorRule::Fill, TimeRule::Fill)),
        "create.end" | "rebuild.end" | "rescue.end" => Some((FlavorRule::Fill, TimeRule::Advance)),
        "finish_resize.end" | "resize.revert.end" => Some((FlavorRule::Overwrite, TimeRule::Advance)),
        _ => None,
    }
}

fn launch(instance: String, event: &str, notification: &Notification, mark: &Mark) -> Recording {
    let payload = &notification.payload;
    let Some((flavor, rule)) = rules(event) else { return Recording::default() };
    if event == "create.end" && text(payload, "message").is_some_and(|message| message != "Success") {
        return Recording::default();
    }
    let (launched_at, warning) = launch_time(payload, rule);
    let change = LaunchChange {
        instance,
        request_id: notification.request_id.clone(),
        mark: mark.clone(),
        tenant: notification.tenant(),
        image: image(payload),
        instance_type_id: text(payload, "instance_type_id"),
        instance_flavor_id: text(payload, "instance_flavor_id"),
        flavor,
        launched_at,
    };
    Recording { effect: Some(Effect::Launch(change)), warnings: warning.into_iter().collect() }
}

fn launch_time(payload: &Value, rule: TimeRule) -> (LaunchTime, Option<Warning>) {
    let rule: fn(Micros) -> LaunchTime = match rule {
        TimeRule::Keep => return (LaunchTime::Keep, None),
        TimeRule::Fill => LaunchTime::Fill,
        TimeRule::Advance => LaunchTime::Advance,
    };
    match time(payload, "launched_at") {
        Ok(Some(at)) => (rule(at), None),
        Ok(None) => (LaunchTime::Keep, Some(Warning::Without("launched_at"))),
        Err(unreadable) => (LaunchTime::Keep, Some(Warning::Unreadable(unreadable))),
    }
}

fn image(payload: &Value) -> Image {
    let field = |name| payload.get("image_meta").and_then(|meta| text(meta, name)).unwrap_or_default();
    Image {
        os_architecture: field("org.openstack__1__architecture"),
        os_distro: field("org.openstack__1__os_distro"),
        os_version: field("org.openstack__1__os_version"),
        rax_options: field("com.rackspace__1__options"),
    }
}

fn delete(instance: String, payload: &Value) -> Result<Recording, Reason> {
    let Some(launched_at) = time(payload, "launched_at")? else {
        return Ok(Recording::nothing(Warning::Without("launched_at")));
    };
    let deleted_at = match time(payload, "terminated_at")? {
        Some(at) => Some(at),
        None => time(payload, "deleted_at")?,
    };
    Ok(Recording::of(Effect::InstanceDelete(NewInstanceDelete { instance, launched_at, deleted_at })))
}

fn exists(instance: String, notification: &Notification) -> Result<Recording, Reason> {
    let payload = &notification.payload;
    let Some(launched_at) = time(payload, "launched_at")? else {
        return Ok(Recording::nothing(Warning::Without("launched_at")));
    };
    let needed = |name| time(payload, name)?.ok_or(Reason::Missing(name));
    Ok(Recording::of(Effect::InstanceExists(NewInstanceExists {
        instance,
        launched_at,
        deleted_at: time(payload, "deleted_at")?,
        audit_period_beginning: needed("audit_period_beginning")?,
        audit_period_ending: needed("audit_period_ending")?,
        instance_type_id: text(payload, "instance_type_id"),
        instance_flavor_id: text(payload, "instance_flavor_id"),
        tenant: notification.tenant(),
        image: image(payload),
        image_type: image_type(payload),
        bandwidth_public_out: bandwidth(payload)?,
    })))
}

/// Bytes sent to the public network: 0 where any level of it is missing or null.
fn bandwidth(payload: &Value) -> Result<i64, Unreadable> {
    let public = payload.pointer("/bandwidth/public").unwrap_or(&Value::Null);
    Ok(integer(public, "bw_out")?.unwrap_or_default())
}
