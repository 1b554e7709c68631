//! The definitions of streams in a run, with expirations short enough for many streams to follow each other.

use std::sync::Arc;

use domain::streams::definition_file::DefinitionFile;
use domain::streams::definitions::{Definitions, FILES};

/// Every client's notification joins one stream of each trigger.
pub const TRIGGERS: [&str; 2] = ["by_instance", "by_tenant"];

const TRIGGER_FILE: &str = "
- name: by_instance
  distinguished_by: [instance_id]
  expiration: $last + 5m
  fire_pipeline: log
  expire_pipeline: log
  match_criteria:
    - event_type: [compute.instance.*, '!compute.instance.exists.verified']
  fire_criteria:
    - event_type: compute.instance.exists
- name: by_tenant
  distinguished_by: [tenant_id]
  expiration: $last + 25s
  expire_pipeline: log
  match_criteria:
    - event_type: [compute.instance.*, '!compute.instance.exists.verified']
  fire_criteria:
    - event_type: never
";

/// Returns the definitions, with or without triggers.
pub fn definitions(has_streams: bool) -> Arc<Definitions> {
    let mut files = Definitions::shipped_files();
    files[1] = DefinitionFile::new(FILES[1], if has_streams { TRIGGER_FILE } else { "[]" });
    files[2] = DefinitionFile::new(FILES[2], "log: [logger]");
    Arc::new(Definitions::load(&files).expect("the definitions are valid"))
}
