//! The definitions that ship with Steward.

use super::*;
use crate::streams::distil::definition::SHIPPED;

fn exists() -> Map<String, Json> {
    map(json!({
        "event_type": "compute.instance.exists",
        "message_id": "5a1d7e5a-3bfb-4e1f-9b59-2f1f9f4c1c11",
        "timestamp": "2024-03-15 00:10:00",
        "publisher_id": "compute.node7.dc1",
        "_context_request_id": "req-9",
        "_context_project_id": "p-1",
        "payload": {
            "user_id": "u-1",
            "instance_id": "i-1",
            "instance_type": "512MB",
            "instance_type_id": "2",
            "memory_mb": 512, "disk_gb": 20, "root_gb": 20, "ephemeral_gb": 0, "vcpus": 1,
            "state": "active",
            "state_description": "",
            "display_name": "one",
            "message": "Success",
            "launched_at": "2024-03-14T09:00:00",
            "deleted_at": "",
            "terminated_at": "2024-03-14T10:00:00",
            "audit_period_beginning": "2024-03-14 00:00:00",
            "audit_period_ending": "2024-03-15 00:00:00",
            "bandwidth": {"public": {"bw_in": 7, "bw_out": 8}},
            "image_meta": {
                "org.openstack__1__architecture": "x64",
                "org.openstack__1__os_version": "12.04",
                "org.openstack__1__os_distro": "com.ubuntu",
                "com.rackspace__1__options": "0"
            }
        }
    }))
}

#[test]
fn a_daily_usage_record_has_all_traits() {
    let (event, warnings) = event(&load(SHIPPED), &exists());
    assert_eq!(warnings, []);
    let traits: Vec<String> = event.traits.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    insta::assert_snapshot!(traits.join("\n"), @r#"
    audit_period_beginning: Datetime(Micros(1710374400000000))
    audit_period_ending: Datetime(Micros(1710460800000000))
    bandwidth_in: Text("7")
    bandwidth_out: Text("8")
    disk_gb: Int(20)
    display_name: Text("one")
    ephemeral_gb: Int(0)
    host: Text("node7.dc1")
    instance_flavor: Text("512MB")
    instance_flavor_id: Int(2)
    instance_id: Text("i-1")
    instance_type: Text("512MB")
    launched_at: Datetime(Micros(1710406800000000))
    memory_mb: Int(512)
    message: Text("Success")
    os_architecture: Text("x64")
    os_distro: Text("com.ubuntu")
    os_version: Text("12.04")
    rax_options: Text("0")
    request_id: Text("req-9")
    root_gb: Int(20)
    service: Text("compute")
    state: Text("active")
    state_description: Text("")
    tenant_id: Text("p-1")
    user_id: Text("u-1")
    vcpus: Int(1)
    "#);
}

#[test]
fn only_a_daily_usage_record_has_an_audit_period() {
    let definitions = load(SHIPPED);
    for (event_type, expected) in [
        ("compute.instance.exists", true),
        ("compute.instance.exists.verified", false),
        ("compute.instance.update", false),
        ("snapshot_instance", false),
        ("rebuild_instance", false),
        ("scheduler.run_instance.start", false),
        ("keypair.import.end", false),
    ] {
        let mut notification = exists();
        notification["event_type"] = json!(event_type);
        let (event, _) = event(&definitions, &notification);
        assert_eq!(event.get("audit_period_ending").is_some(), expected, "{event_type}");
        assert_eq!(event.get("instance_id"), Some(text("i-1")), "{event_type}");
    }
    for event_type in ["image.upload", "compute.instances", "snapshot_instance.x"] {
        let mut notification = exists();
        notification["event_type"] = json!(event_type);
        assert_eq!(dropped(&definitions, &notification), DropReason::NoDefinition, "{event_type}");
    }
}

#[test]
fn the_tenant_in_the_payload_precedes_the_one_in_the_context() {
    let mut notification = exists();
    let definitions = load(SHIPPED);
    assert_eq!(event(&definitions, &notification).0.get("tenant_id"), Some(text("p-1")));
    notification["payload"]["tenant_id"] = json!("t-1");
    assert_eq!(event(&definitions, &notification).0.get("tenant_id"), Some(text("t-1")));
}

#[test]
fn an_exception_names_the_instance_of_a_failed_request() {
    let notification = map(json!({
        "event_type": "rebuild_instance",
        "message_id": "m-1",
        "exception": {"kwargs": {"uuid": "i-2"}},
        "instance": {"uuid": "i-3"},
        "payload": {}
    }));
    assert_eq!(event(&load(SHIPPED), &notification).0.get("instance_id"), Some(text("i-2")));
}
