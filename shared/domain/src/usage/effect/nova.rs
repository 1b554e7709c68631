//! Pure. The effects of nova notifications: launches, deletes and exists records of instances.

use serde_json::Value;

use super::{Defect, Effect, Interpretation, NewInstanceDelete, NewInstanceExists, Warning};
use crate::notification::envelope::Notification;
use crate::notification::mark::Mark;
use crate::notification::payload::{Unreadable, image_type, integer, text, time};
use crate::time::Micros;
use crate::usage::launch::{FlavorRule, ImageMeta, LaunchChange, LaunchTimeChange};

/// How a launch event uses the launch time of its payload.
#[derive(Clone, Copy)]
enum TimeRule {
    Keep,
    Fill,
    Advance,
}

pub(super) fn interpret(notification: &Notification, mark: &Mark) -> Result<Interpretation, Defect> {
    let Some(event) = notification.event_type.strip_prefix("compute.instance.") else {
        return Ok(Interpretation::default());
    };
    let Some(instance) = notification.instance() else { return Ok(Interpretation::default()) };
    match event {
        "delete.end" => delete(instance, &notification.payload),
        "exists" => exists(instance, notification),
        _ => Ok(launch(instance, event, notification, mark)),
    }
}

/// Returns the rules of a launch event, as in `StackTach` v2. `None` for other events.
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

fn launch(instance: String, event: &str, notification: &Notification, mark: &Mark) -> Interpretation {
    let payload = &notification.payload;
    let Some((flavor, rule)) = rules(event) else { return Interpretation::default() };
    if event == "create.end" && text(payload, "message").is_some_and(|message| message != "Success") {
        return Interpretation::default();
    }
    let (launched_at, warning) = launch_time(payload, rule);
    let change = LaunchChange {
        instance,
        request_id: notification.request_id.clone(),
        mark: mark.clone(),
        tenant: notification.tenant(),
        image: image_meta(payload),
        instance_type_id: text(payload, "instance_type_id"),
        instance_flavor_id: text(payload, "instance_flavor_id"),
        flavor,
        launched_at,
    };
    Interpretation { effect: Some(Effect::Launch(change)), warnings: warning.into_iter().collect() }
}

fn launch_time(payload: &Value, rule: TimeRule) -> (LaunchTimeChange, Option<Warning>) {
    let change: fn(Micros) -> LaunchTimeChange = match rule {
        TimeRule::Keep => return (LaunchTimeChange::Keep, None),
        TimeRule::Fill => LaunchTimeChange::Fill,
        TimeRule::Advance => LaunchTimeChange::Advance,
    };
    match time(payload, "launched_at") {
        Ok(Some(at)) => (change(at), None),
        Ok(None) => (LaunchTimeChange::Keep, Some(Warning::Missing("launched_at"))),
        Err(unreadable) => (LaunchTimeChange::Keep, Some(Warning::Unreadable(unreadable))),
    }
}

fn image_meta(payload: &Value) -> ImageMeta {
    let field = |name| payload.get("image_meta").and_then(|meta| text(meta, name)).unwrap_or_default();
    ImageMeta {
        os_architecture: field("org.openstack__1__architecture"),
        os_distro: field("org.openstack__1__os_distro"),
        os_version: field("org.openstack__1__os_version"),
        rax_options: field("com.rackspace__1__options"),
    }
}

fn delete(instance: String, payload: &Value) -> Result<Interpretation, Defect> {
    let Some(launched_at) = time(payload, "launched_at")? else {
        return Ok(Interpretation::ignored(Warning::Missing("launched_at")));
    };
    let deleted_at = match time(payload, "terminated_at")? {
        Some(at) => Some(at),
        None => time(payload, "deleted_at")?,
    };
    Ok(Interpretation::new(Effect::InstanceDelete(NewInstanceDelete { instance, launched_at, deleted_at })))
}

fn exists(instance: String, notification: &Notification) -> Result<Interpretation, Defect> {
    let payload = &notification.payload;
    let Some(launched_at) = time(payload, "launched_at")? else {
        return Ok(Interpretation::ignored(Warning::Missing("launched_at")));
    };
    let required = |name| time(payload, name)?.ok_or(Defect::Missing(name));
    Ok(Interpretation::new(Effect::InstanceExists(NewInstanceExists {
        instance,
        launched_at,
        deleted_at: time(payload, "deleted_at")?,
        audit_period_beginning: required("audit_period_beginning")?,
        audit_period_ending: required("audit_period_ending")?,
        instance_type_id: text(payload, "instance_type_id"),
        instance_flavor_id: text(payload, "instance_flavor_id"),
        tenant: notification.tenant(),
        image: image_meta(payload),
        image_type: image_type(payload),
        bandwidth_public_out: bandwidth(payload)?,
    })))
}

/// Returns the bytes sent to the public network. 0 if any level of the object is missing or null.
fn bandwidth(payload: &Value) -> Result<i64, Unreadable> {
    let public = payload.pointer("/bandwidth/public").unwrap_or(&Value::Null);
    Ok(integer(public, "bw_out")?.unwrap_or_default())
}
