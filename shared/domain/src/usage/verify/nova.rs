//! Pure. Whether an instance's exists record agrees with its launch and its delete, else with an audit report.

use super::reason::{Reason, Record, Side, keys};
use super::{FlavorField, Outcome, Verdict, fields};
use crate::time::Micros;
use crate::usage::delete::InstanceDelete;
use crate::usage::exists::InstanceExists;
use crate::usage::launch::{Image, Launch};
use crate::usage::link::{delete_link, launch_link};
use crate::usage::reconcile::Reconcile;
use crate::usage::settings::Settings;

/// What an exists is compared with: a launch, or an audit report in its place.
struct Facts<'a> {
    side: Side,
    launched_at: Option<Micros>,
    instance_type_id: Option<&'a String>,
    instance_flavor_id: Option<&'a String>,
    tenant: Option<&'a String>,
    image: &'a Image,
}

/// The delete that an exists is compared with, or an audit report in its place.
struct Deletion {
    side: Side,
    launched_at: Micros,
    deleted_at: Option<Micros>,
}

/// Judges a record by all launches, deletes and reports of its instance. The order of the lists does not matter.
///
/// The first failure ends it, in the order: fields, launch, delete. Then a report may still vouch for the record.
pub fn verdict(
    exists: &InstanceExists,
    launches: &[Launch],
    deletes: &[InstanceDelete],
    reconciles: &[Reconcile],
    settings: &Settings,
    now: Micros,
) -> Verdict {
    let flavor = settings.flavor_field;
    let launch = launch_of(exists, launches);
    let delete = delete_of(exists, deletes);
    let links = (
        launch.as_ref().ok().map(|launch| launch.id),
        delete.as_ref().ok().and_then(|delete| delete.map(|delete| delete.id)),
    );
    let by_ledger = fields::instance(exists, settings.level, flavor)
        .and(launch)
        .and_then(|launch| compare(exists, &Facts::from(launch), flavor))
        .and(delete)
        .and_then(|delete| compare_delete(exists, delete.map(Deletion::from).as_ref()));
    let outcome = match by_ledger {
        Ok(()) => Outcome::Verified,
        Err(first) => match second_opinion(exists, deletes, reconciles, flavor) {
            None => Outcome::Failed(first.text(now)),
            Some(Ok(())) => Outcome::Reconciled,
            Some(Err(second)) => Outcome::Failed(second.text(now)),
        },
    };
    Verdict { outcome, usage: links.0, delete: links.1 }
}

/// The launch linked to the record, else the only one of the same second.
fn launch_of<'a>(exists: &InstanceExists, launches: &'a [Launch]) -> Result<&'a Launch, Reason> {
    if let Some(launch) = launch_link(exists.launched_at, launches) {
        return Ok(launch);
    }
    let same = launches
        .iter()
        .filter(|launch| launch.launched_at.is_some_and(|at| same_second(at, exists.launched_at)));
    only(same, Record::InstanceUsage, exists)
}

/// The delete linked to a deleted record, else the only one of the same second of launch. A record that is not deleted
/// must have no delete before the end of its period; one after it is no contradiction.
fn delete_of<'a>(
    exists: &InstanceExists,
    deletes: &'a [InstanceDelete],
) -> Result<Option<&'a InstanceDelete>, Reason> {
    let mut same = deletes.iter().filter(|delete| same_second(delete.launched_at, exists.launched_at));
    if exists.deleted_at.is_some() {
        return match delete_link(exists.launched_at, deletes) {
            Some(delete) => Ok(Some(delete)),
            None => only(same, Record::InstanceDeletes, exists).map(Some),
        };
    }
    let ending = exists.audit_period_ending;
    if same.any(|delete| delete.deleted_at.is_some_and(|at| at <= ending)) {
        let (launched_at, deleted_at) = (exists.launched_at.whole_second(), format!("up to {ending}"));
        let keys = keys([
            ("instance", &exists.instance),
            ("launched_at", &launched_at),
            ("deleted_at", &deleted_at),
        ]);
        return Err(Reason::Deleted { record: Record::InstanceDeletes, keys });
    }
    Ok(None)
}

/// What the audit reports say: none where they say nothing.
fn second_opinion(
    exists: &InstanceExists,
    deletes: &[InstanceDelete],
    reconciles: &[Reconcile],
    flavor: FlavorField,
) -> Option<Result<(), Reason>> {
    let same: Vec<_> =
        reconciles.iter().filter(|row| same_second(row.launched_at, exists.launched_at)).collect();
    if same.is_empty() {
        return None;
    }
    let agrees = || {
        let reconcile = only(same.into_iter(), Record::InstanceReconcile, exists)?;
        compare(exists, &Facts::from(reconcile), flavor)?;
        let deletion = match Deletion::reported(reconcile) {
            Some(deletion) => Some(deletion),
            None => delete_of(exists, deletes)?.map(Deletion::from),
        };
        compare_delete(exists, deletion.as_ref())
    };
    Some(agrees())
}

fn compare(exists: &InstanceExists, facts: &Facts<'_>, field: FlavorField) -> Result<(), Reason> {
    let side = facts.side;
    let launched_at = Some(exists.launched_at);
    if !same_known_second(launched_at, facts.launched_at) {
        return Err(mismatch(exists, "launched_at", time(launched_at), side, time(facts.launched_at)));
    }
    let (flavor, ours) =
        fields::flavor(field, exists.instance_type_id.as_ref(), exists.instance_flavor_id.as_ref());
    let (_, theirs) = fields::flavor(field, facts.instance_type_id, facts.instance_flavor_id);
    let (image, other) = (&exists.image, facts.image);
    for (field, ours, theirs) in [
        (flavor, ours, theirs),
        ("tenant", exists.tenant.as_deref(), facts.tenant.map(String::as_str)),
        ("rax_options", Some(image.rax_options.as_str()), Some(other.rax_options.as_str())),
        ("os_architecture", Some(&image.os_architecture), Some(&other.os_architecture)),
        ("os_version", Some(&image.os_version), Some(&other.os_version)),
        ("os_distro", Some(&image.os_distro), Some(&other.os_distro)),
    ] {
        if ours != theirs {
            return Err(mismatch(exists, field, ours.map(str::to_owned), side, theirs.map(str::to_owned)));
        }
    }
    Ok(())
}

fn compare_delete(exists: &InstanceExists, deletion: Option<&Deletion>) -> Result<(), Reason> {
    let Some(deletion) = deletion else { return Ok(()) };
    for (field, ours, theirs) in [
        ("launched_at", Some(exists.launched_at), Some(deletion.launched_at)),
        ("deleted_at", exists.deleted_at, deletion.deleted_at),
    ] {
        if !same_known_second(ours, theirs) {
            return Err(mismatch(exists, field, time(ours), deletion.side, time(theirs)));
        }
    }
    Ok(())
}

impl<'a> From<&'a Launch> for Facts<'a> {
    fn from(launch: &'a Launch) -> Self {
        Self {
            side: Side::Launches,
            launched_at: launch.launched_at,
            instance_type_id: launch.instance_type_id.as_ref(),
            instance_flavor_id: launch.instance_flavor_id.as_ref(),
            tenant: launch.tenant.as_ref(),
            image: &launch.image,
        }
    }
}

impl<'a> From<&'a Reconcile> for Facts<'a> {
    fn from(reconcile: &'a Reconcile) -> Self {
        Self {
            side: Side::Reconciles,
            launched_at: Some(reconcile.launched_at),
            instance_type_id: reconcile.instance_type_id.as_ref(),
            instance_flavor_id: reconcile.instance_flavor_id.as_ref(),
            tenant: reconcile.tenant.as_ref(),
            image: &reconcile.image,
        }
    }
}

impl From<&InstanceDelete> for Deletion {
    fn from(delete: &InstanceDelete) -> Self {
        Self { side: Side::Deletes, launched_at: delete.launched_at, deleted_at: delete.deleted_at }
    }
}

impl Deletion {
    /// The one that an audit report speaks of.
    fn reported(reconcile: &Reconcile) -> Option<Self> {
        let deleted_at = reconcile.deleted_at?;
        Some(Self {
            side: Side::Reconciles,
            launched_at: reconcile.launched_at,
            deleted_at: Some(deleted_at),
        })
    }
}

fn only<'a, T>(
    found: impl Iterator<Item = &'a T>,
    record: Record,
    exists: &InstanceExists,
) -> Result<&'a T, Reason> {
    let found: Vec<_> = found.collect();
    if let [one] = found.as_slice() {
        return Ok(one);
    }
    let second = exists.launched_at.whole_second();
    let keys = keys([("instance", &exists.instance), ("launched_at", &second)]);
    Err(Reason::Count { record, keys, found: found.len() })
}

fn same_second(one: Micros, other: Micros) -> bool {
    one.whole_second() == other.whole_second()
}

/// A time that is not known matches nothing.
fn same_known_second(one: Option<Micros>, other: Option<Micros>) -> bool {
    one.zip(other).is_some_and(|(one, other)| same_second(one, other))
}

fn time(at: Option<Micros>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn mismatch(
    exists: &InstanceExists,
    field: &'static str,
    ours: Option<String>,
    side: Side,
    theirs: Option<String>,
) -> Reason {
    Reason::Mismatch { uuid: exists.instance.clone(), field, exists: ours, side, found: theirs }
}

#[cfg(test)]
mod tests;
