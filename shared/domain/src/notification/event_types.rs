//! Pure. The event types that nova and glance send.

/// The event types of an ordinary producer, in byte order. Types with a marker, such as `.start`, are listed with it.
const USUAL: [&str; 64] = [
    "compute.instance.create.end",
    "compute.instance.create.error",
    "compute.instance.create.start",
    "compute.instance.delete.end",
    "compute.instance.delete.start",
    "compute.instance.exists",
    "compute.instance.exists.failed",
    "compute.instance.exists.verified",
    "compute.instance.exists.warnings",
    "compute.instance.finish_resize.end",
    "compute.instance.finish_resize.start",
    "compute.instance.instance.create.error",
    "compute.instance.live_migration._post.end",
    "compute.instance.live_migration._post.start",
    "compute.instance.live_migration.pre.end",
    "compute.instance.live_migration.pre.start",
    "compute.instance.power_off.end",
    "compute.instance.power_off.start",
    "compute.instance.power_on.end",
    "compute.instance.power_on.start",
    "compute.instance.reboot.end",
    "compute.instance.reboot.start",
    "compute.instance.rebuild.end",
    "compute.instance.rebuild.start",
    "compute.instance.rescue.end",
    "compute.instance.rescue.start",
    "compute.instance.resize.confirm.end",
    "compute.instance.resize.confirm.start",
    "compute.instance.resize.end",
    "compute.instance.resize.prep.end",
    "compute.instance.resize.prep.start",
    "compute.instance.resize.revert.end",
    "compute.instance.resize.revert.start",
    "compute.instance.resize.start",
    "compute.instance.resume",
    "compute.instance.shutdown.end",
    "compute.instance.shutdown.start",
    "compute.instance.snapshot.end",
    "compute.instance.snapshot.start",
    "compute.instance.suspend",
    "compute.instance.unrescue.end",
    "compute.instance.unrescue.start",
    "compute.instance.update",
    "compute.instance.volume.attach",
    "compute.instance.volume.detach",
    "image.activate",
    "image.create",
    "image.delete",
    "image.exists",
    "image.exists.verified",
    "image.prepare",
    "image.send",
    "image.update",
    "image.upload",
    "keypair.create.end",
    "keypair.create.start",
    "rebuild_instance",
    "rescue_instance",
    "scheduler.run_instance",
    "scheduler.run_instance.end",
    "scheduler.run_instance.scheduled",
    "scheduler.run_instance.start",
    "snapshot_instance",
    "terminate_instance",
];

/// Whether nova or glance sends this type. There are few of them, while a producer may invent any number of others.
pub fn is_usual(event_type: &str) -> bool {
    USUAL.binary_search(&event_type).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_types_are_found_and_sorted() {
        assert!(USUAL.is_sorted());
        assert!(USUAL.iter().all(|name| is_usual(name)));
        assert!(!is_usual("compute.instance.update.7f3c"));
    }
}
