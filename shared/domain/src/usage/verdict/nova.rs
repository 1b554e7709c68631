//! Pure. Verdicts on the exists records of instances, by their launches and deletes, or else by audit reports.

use super::reason::{Counterpart, Reason, RecordKind, keys};
use super::{FlavorField, Outcome, Verdict, fields};
use crate::time::Micros;
use crate::usage::audit_report::AuditReport;
use crate::usage::delete::InstanceDelete;
use crate::usage::exists::InstanceExists;
use crate::usage::launch::{ImageMeta, Launch};
use crate::usage::ledger::InstanceLedger;
use crate::usage::link::{Links, delete_link, launch_link};
use crate::usage::settings::Settings;

/// The values of a launch or an audit report that an exists record is compared with.
struct Attributes<'a> {
    counterpart: Counterpart,
    launched_at: Option<Micros>,
    instance_type_id: Option<&'a String>,
    instance_flavor_id: Option<&'a String>,
    tenant: Option<&'a String>,
    image: &'a ImageMeta,
}

/// The values of a delete or an audit report that an exists record is compared with.
struct Deletion {
    counterpart: Counterpart,
    launched_at: Micros,
    deleted_at: Option<Micros>,
}

/// Verifies an exists record. `ledger` has all rows of its instance.
///
/// Checks the fields, the launch and the delete in this order, and stops at the first failure. A record that fails can
/// still agree with an audit report.
pub fn verdict(
    exists: &InstanceExists,
    ledger: &InstanceLedger,
    settings: &Settings,
    now: Micros,
) -> Verdict {
    let flavor = settings.flavor_field;
    let launch = launch_of(exists, &ledger.launches);
    let delete = delete_of(exists, &ledger.deletes);
    let links = Links {
        usage: launch.as_ref().ok().map(|launch| launch.id),
        delete: delete.as_ref().ok().and_then(|delete| delete.map(|delete| delete.id)),
    };
    let by_ledger = fields::instance(exists, settings.level, flavor)
        .and(launch)
        .and_then(|launch| compare(exists, &Attributes::from(launch), flavor))
        .and(delete)
        .and_then(|delete| compare_delete(exists, delete.map(Deletion::from).as_ref()));
    let outcome = match by_ledger {
        Ok(()) => Outcome::Verified,
        Err(first) => match compare_reports(exists, ledger, flavor) {
            None => Outcome::Failed(first.text(now)),
            Some(Ok(())) => Outcome::Reconciled,
            Some(Err(second)) => Outcome::Failed(second.text(now)),
        },
    };
    Verdict { outcome, links }
}

/// Returns the launch linked to the record, or else the only launch of the same second.
fn launch_of<'a>(exists: &InstanceExists, launches: &'a [Launch]) -> Result<&'a Launch, Reason> {
    if let Some(launch) = launch_link(exists.launched_at, launches) {
        return Ok(launch);
    }
    let same = launches
        .iter()
        .filter(|launch| launch.launched_at.is_some_and(|at| same_second(at, exists.launched_at)));
    only(same, RecordKind::InstanceUsage, exists)
}

/// Returns the delete linked to a record with a `deleted_at`, or else the only delete with the same second of launch.
///
/// Fails if a record without a `deleted_at` has a delete up to the end of its audit period. A later delete does not
/// contradict the record.
fn delete_of<'a>(
    exists: &InstanceExists,
    deletes: &'a [InstanceDelete],
) -> Result<Option<&'a InstanceDelete>, Reason> {
    let mut same = deletes.iter().filter(|delete| same_second(delete.launched_at, exists.launched_at));
    if exists.deleted_at.is_some() {
        return match delete_link(exists.launched_at, deletes) {
            Some(delete) => Ok(Some(delete)),
            None => only(same, RecordKind::InstanceDeletes, exists).map(Some),
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
        return Err(Reason::Deleted { kind: RecordKind::InstanceDeletes, keys });
    }
    Ok(None)
}

/// Compares a record with the audit reports. `None` if no report has its launch.
fn compare_reports(
    exists: &InstanceExists,
    ledger: &InstanceLedger,
    flavor: FlavorField,
) -> Option<Result<(), Reason>> {
    let same: Vec<_> =
        ledger.reports.iter().filter(|row| same_second(row.launched_at, exists.launched_at)).collect();
    if same.is_empty() {
        return None;
    }
    let result = || {
        let report = only(same.into_iter(), RecordKind::InstanceReconcile, exists)?;
        compare(exists, &Attributes::from(report), flavor)?;
        let deletion = match Deletion::from_report(report) {
            Some(deletion) => Some(deletion),
            None => delete_of(exists, &ledger.deletes)?.map(Deletion::from),
        };
        compare_delete(exists, deletion.as_ref())
    };
    Some(result())
}

fn compare(exists: &InstanceExists, attributes: &Attributes<'_>, field: FlavorField) -> Result<(), Reason> {
    let counterpart = attributes.counterpart;
    let launched_at = Some(exists.launched_at);
    if !same_known_second(launched_at, attributes.launched_at) {
        return Err(mismatch(
            exists,
            "launched_at",
            time(launched_at),
            counterpart,
            time(attributes.launched_at),
        ));
    }
    let (flavor, ours) =
        fields::flavor(field, exists.instance_type_id.as_ref(), exists.instance_flavor_id.as_ref());
    let (_, theirs) = fields::flavor(field, attributes.instance_type_id, attributes.instance_flavor_id);
    let (image, other) = (&exists.image, attributes.image);
    for (field, ours, theirs) in [
        (flavor, ours, theirs),
        ("tenant", exists.tenant.as_deref(), attributes.tenant.map(String::as_str)),
        ("rax_options", Some(image.rax_options.as_str()), Some(other.rax_options.as_str())),
        ("os_architecture", Some(&image.os_architecture), Some(&other.os_architecture)),
        ("os_version", Some(&image.os_version), Some(&other.os_version)),
        ("os_distro", Some(&image.os_distro), Some(&other.os_distro)),
    ] {
        if ours != theirs {
            return Err(mismatch(
                exists,
                field,
                ours.map(str::to_owned),
                counterpart,
                theirs.map(str::to_owned),
            ));
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
            return Err(mismatch(exists, field, time(ours), deletion.counterpart, time(theirs)));
        }
    }
    Ok(())
}

impl<'a> From<&'a Launch> for Attributes<'a> {
    fn from(launch: &'a Launch) -> Self {
        Self {
            counterpart: Counterpart::Launches,
            launched_at: launch.launched_at,
            instance_type_id: launch.instance_type_id.as_ref(),
            instance_flavor_id: launch.instance_flavor_id.as_ref(),
            tenant: launch.tenant.as_ref(),
            image: &launch.image,
        }
    }
}

impl<'a> From<&'a AuditReport> for Attributes<'a> {
    fn from(report: &'a AuditReport) -> Self {
        Self {
            counterpart: Counterpart::Reconciles,
            launched_at: Some(report.launched_at),
            instance_type_id: report.instance_type_id.as_ref(),
            instance_flavor_id: report.instance_flavor_id.as_ref(),
            tenant: report.tenant.as_ref(),
            image: &report.image,
        }
    }
}

impl From<&InstanceDelete> for Deletion {
    fn from(delete: &InstanceDelete) -> Self {
        Self {
            counterpart: Counterpart::Deletes,
            launched_at: delete.launched_at,
            deleted_at: delete.deleted_at,
        }
    }
}

impl Deletion {
    /// Returns the deletion in an audit report. `None` if the instance was not deleted.
    fn from_report(report: &AuditReport) -> Option<Self> {
        let deleted_at = report.deleted_at?;
        Some(Self {
            counterpart: Counterpart::Reconciles,
            launched_at: report.launched_at,
            deleted_at: Some(deleted_at),
        })
    }
}

/// Returns the only row of `found`. Fails if there are none or several.
fn only<'a, T>(
    found: impl Iterator<Item = &'a T>,
    kind: RecordKind,
    exists: &InstanceExists,
) -> Result<&'a T, Reason> {
    let found: Vec<_> = found.collect();
    if let [one] = found.as_slice() {
        return Ok(one);
    }
    let second = exists.launched_at.whole_second();
    let keys = keys([("instance", &exists.instance), ("launched_at", &second)]);
    Err(Reason::Count { kind, keys, found: found.len() })
}

fn same_second(one: Micros, other: Micros) -> bool {
    one.whole_second() == other.whole_second()
}

/// Compares two times by their second. An unknown time equals nothing.
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
    counterpart: Counterpart,
    theirs: Option<String>,
) -> Reason {
    Reason::Mismatch { uuid: exists.instance.clone(), field, exists: ours, counterpart, found: theirs }
}

#[cfg(test)]
mod tests;
