//! Reconciling: stores rows of audit reports, which exists records are compared with.

use serde_json::{Map, Value};

use crate::error::Error;
use crate::time::Micros;
use crate::usage::Usage;
use crate::usage::audit_report::AuditReport;
use crate::usage::launch::ImageMeta;
use crate::usage::query::is_uuid_like;

/// The maximum length of a text, in characters.
const MAX_CHARACTERS: usize = 255;

/// The maximum length of a report's name, in characters.
const MAX_SOURCE_CHARACTERS: usize = 150;

impl Usage {
    /// Stores one instance's row of an audit report, and replaces an earlier row of the same instance, launch time and
    /// report.
    ///
    /// `fields` are the documented columns except the two row times. `instance` (a UUID), `launched_at` and `source` are
    /// required. Numbers are accepted as texts; unknown values are null or missing.
    pub async fn reconcile(&self, fields: &Map<String, Value>) -> Result<AuditReport, Error> {
        let report = parse(fields, self.now())?;
        self.audit_report_put(&report).await
    }
}

/// Parses the columns of a row that is created now.
fn parse(fields: &Map<String, Value>, now: Micros) -> Result<AuditReport, Error> {
    let instance = required("instance", text(fields, "instance", MAX_CHARACTERS)?)?;
    if !is_uuid_like(&instance) || !instance.contains('-') {
        return Err(Error::invalid(format!(
            "'instance': '{instance}' is not a lower-case UUID with dashes."
        )));
    }
    Ok(AuditReport {
        row_created: now,
        row_updated: now,
        instance,
        launched_at: required("launched_at", time(fields, "launched_at")?)?,
        deleted_at: time(fields, "deleted_at")?,
        instance_type_id: text(fields, "instance_type_id", MAX_CHARACTERS)?,
        instance_flavor_id: text(fields, "instance_flavor_id", MAX_CHARACTERS)?,
        tenant: text(fields, "tenant", MAX_CHARACTERS)?,
        image: ImageMeta {
            os_architecture: text(fields, "os_architecture", MAX_CHARACTERS)?.unwrap_or_default(),
            os_distro: text(fields, "os_distro", MAX_CHARACTERS)?.unwrap_or_default(),
            os_version: text(fields, "os_version", MAX_CHARACTERS)?.unwrap_or_default(),
            rax_options: text(fields, "rax_options", MAX_CHARACTERS)?.unwrap_or_default(),
        },
        source: required(
            "source",
            text(fields, "source", MAX_SOURCE_CHARACTERS)?.filter(|source| !source.is_empty()),
        )?,
    })
}

fn required<T>(name: &str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| Error::invalid(format!("'{name}' is missing from the body.")))
}

fn text(fields: &Map<String, Value>, name: &str, max: usize) -> Result<Option<String>, Error> {
    let text = match fields.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(Error::invalid(format!("'{name}' is not a text."))),
    };
    if text.chars().count() > max {
        return Err(Error::invalid(format!("'{name}' has more than {max} characters.")));
    }
    Ok(Some(text))
}

fn time(fields: &Map<String, Value>, name: &str) -> Result<Option<Micros>, Error> {
    let Some(text) = text(fields, name, MAX_CHARACTERS)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let invalid = || Error::invalid(format!("'{name}': '{text}' is not a time (yyyy-mm-dd hh:mm:ss)."));
    Micros::parse(&text).map(Some).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> Value {
        json!({
            "instance": "72e4d8e8-9f63-47cb-a904-0193e5edac6e",
            "launched_at": "2014-01-17 15:35:44",
            "source": "json-bridge:nova"
        })
    }

    #[test]
    fn missing_fields_are_null_or_empty() {
        let mut given = fields();
        given["instance_type_id"] = json!(2);
        given["deleted_at"] = json!("");
        let report = parse(given.as_object().expect("an object"), Micros(7)).expect("valid fields");
        assert_eq!(report.instance_type_id.as_deref(), Some("2"));
        assert_eq!((report.deleted_at, report.tenant, report.row_created), (None, None, Micros(7)));
        assert_eq!(report.image, ImageMeta::default());
    }

    #[test]
    fn error_names_the_invalid_field() {
        for (name, value) in [
            ("instance", json!(null)),
            ("instance", json!("72E4D8E8-9F63-47CB-A904-0193E5EDAC6E")),
            ("launched_at", json!("")),
            ("launched_at", json!("2014-01-17")),
            ("deleted_at", json!(true)),
            ("tenant", json!(["a"])),
            ("tenant", json!("x".repeat(256))),
            ("source", json!("")),
            ("source", json!("x".repeat(151))),
        ] {
            let mut given = fields();
            given[name] = value.clone();
            let error =
                parse(given.as_object().expect("an object"), Micros(0)).expect_err("an invalid field");
            assert!(error.to_string().contains(&format!("'{name}'")), "{name} {value}: {error}");
        }
    }
}
