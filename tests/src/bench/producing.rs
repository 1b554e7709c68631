//! Notifications of realistic size, identical on every machine.

use domain::time::Micros;
use serde_json::{Value, json};

/// The time of the first notifications.
pub const BEGIN: &str = "2035-01-04 10:00:00";

/// The end of the exists' audit period.
pub const PERIOD_END: &str = "2035-01-04 23:59:59";

/// Returns the UUID of the instance or image with this number.
pub fn uuid(number: u64) -> String {
    format!("72e4d8e8-9f63-47cb-a904-{number:012}")
}

/// Returns a notification about an instance, with a request id of its own. `more` overrides the payload.
pub fn instance(event: &str, number: u64, at: &str, more: &Value) -> Value {
    let mut payload = json!({
        "instance_id": uuid(number), "tenant_id": "5853600", "user_id": "10128203", "instance_type_id": 2,
        "instance_flavor_id": "2", "instance_type": "512MB Standard Instance", "state": "active",
        "state_description": "", "old_state": "active", "old_task_state": null, "new_task_state": null, "progress": 0,
        "created_at": "2035-01-04 09:59:30", "launched_at": BEGIN, "deleted_at": "", "terminated_at": "",
        "image_meta": image_meta(),
    });
    for more in [&machine(number), more] {
        if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
            payload.extend(more.clone());
        }
    }
    json!({
        "message_id": format!("{:08x}-0000-4000-8000-{number:012}", digest(event, at)),
        "event_type": format!("compute.instance.{event}"), "publisher_id": format!("compute.c-10-0-{}", number % 16),
        "timestamp": at, "priority": "INFO", "_context_request_id": format!("req-7a86ed49-e1f4-4403-b3ef-{number:012}"),
        "_context_project_id": "5853600", "_context_user_id": "10128203", "_context_is_admin": false,
        "_context_roles": ["checkmate", "object-store:default", "compute:default"],
        "_context_remote_address": "10.0.0.2", "_context_timestamp": at, "payload": payload,
    })
}

fn machine(number: u64) -> Value {
    json!({
        "memory_mb": 512, "disk_gb": 20, "root_gb": 20, "ephemeral_gb": 0, "vcpus": 1,
        "display_name": format!("server-{number:06}"), "hostname": format!("server-{number:06}"),
        "host": format!("c-10-0-{}-{}", number % 16, number % 250), "node": format!("node-{:05}", number % 997),
        "architecture": "x64", "os_type": "linux", "availability_zone": null, "cell_name": "region!cell1",
        "access_ip_v4": format!("10.0.{}.{}", number / 250 % 250, number % 250), "access_ip_v6": null,
        "kernel_id": "", "ramdisk_id": "", "reservation_id": format!("r-{number:08x}"), "metadata": {},
        "image_ref_url": "http://glance.example/images/8a3a9f96-b997-46fd-b7a8-a9e740796ffd",
        "fixed_ips": [{"label": "public", "version": 4, "address": "10.0.0.1", "floating_ips": []}],
    })
}

fn image_meta() -> Value {
    json!({
        "image_type": "base", "base_image_ref": "8a3a9f96-b997-46fd-b7a8-a9e740796ffd", "min_disk": "20",
        "container_format": "ovf", "disk_format": "vhd", "min_ram": "512", "os_type": "linux",
        "org.openstack__1__architecture": "x64", "org.openstack__1__os_distro": "org.centos",
        "org.openstack__1__os_version": "5.8", "com.rackspace__1__options": "0"
    })
}

/// Returns an exists of an instance launched at [`BEGIN`], for the day that ends at `ends`.
pub fn exists(number: u64, ends: &str) -> Value {
    let more = json!({
        "audit_period_beginning": format!("{} 00:00:00", &ends[..10]), "audit_period_ending": ends,
        "bandwidth": {"public": {"bw_in": 1_001 * number, "bw_out": 2_003 * number}},
    });
    instance("exists", number, ends, &more)
}

/// Returns a notification about an image.
pub fn image(event: &str, number: u64, at: &str) -> Value {
    let payload = json!({
        "id": uuid(number), "owner": "5853600", "size": 9_192_352, "created_at": BEGIN, "status": "active",
        "name": format!("image-{number:06}"), "checksum": format!("{number:032x}"), "disk_format": "vhd",
        "container_format": "ovf", "is_public": false, "protected": false, "min_disk": 20, "min_ram": 512,
        "deleted": event == "delete", "deleted_at": if event == "delete" { json!(at) } else { Value::Null },
        "updated_at": at, "properties": {"image_type": "snapshot", "os_type": "linux", "instance_uuid": uuid(number)},
    });
    glance(event, number, at, payload)
}

/// Returns the exists of ten images, from this number, for the day that ends at `ends`.
pub fn image_exists(number: u64, ends: &str) -> Value {
    let images: Vec<_> = (number..number + 10)
        .map(|number| json!({
            "id": uuid(number), "created_at": BEGIN, "deleted_at": null, "size": 9_192_352, "status": "active",
            "name": format!("image-{number:06}"), "properties": {"image_type": "snapshot"},
        }))
        .collect();
    let payload = json!({
        "owner": "5853600", "audit_period_beginning": format!("{} 00:00:00", &ends[..10]), "audit_period_ending": ends,
        "images": images,
    });
    glance("exists", number, ends, payload)
}

fn glance(event: &str, number: u64, at: &str, payload: Value) -> Value {
    json!({
        "message_id": format!("{:08x}-0000-4000-9000-{number:012}", digest(event, at)),
        "event_type": format!("image.{event}"), "publisher_id": "glance-api01.host-2", "priority": "INFO",
        "timestamp": at, "payload": payload,
    })
}

/// Hashes what distinguishes events with the same number.
fn digest(event: &str, at: &str) -> u32 {
    let time = Micros::parse(at).map_or(0, Micros::epoch_seconds);
    let bytes = event.bytes().chain(time.to_be_bytes());
    bytes.fold(2_166_136_261, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619))
}
