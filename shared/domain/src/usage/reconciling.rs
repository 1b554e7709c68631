//! Reconciling: taking in what an audit report says of an instance.

use serde_json::{Map, Value};

use crate::error::Error;
use crate::time::Micros;
use crate::usage::Usage;
use crate::usage::launch::Image;
use crate::usage::query::is_uuid_like;
use crate::usage::reconcile::Reconcile;

/// The longest text of a field, in characters: a report names things, it does not tell stories.
const LONGEST: usize = 255;

/// The longest name of a report, in characters.
const LONGEST_SOURCE: usize = 150;

impl Usage {
    /// Stores what a report says of an instance; the same report saying it again replaces what it said.
    ///
    /// `fields` are the documented columns of the record but for its two row times. `instance` (a UUID),
    /// `launched_at` and `source` are needed, texts may be numbers, and what is not known is null or missing.
    pub async fn reconcile(&self, fields: &Map<String, Value>) -> Result<Reconcile, Error> {
        let record = record(fields, self.clock.micros())?;
        self.reconcile_put(&record).await
    }
}

/// The record that these fields describe, made now.
fn record(fields: &Map<String, Value>, now: Micros) -> Result<Reconcile, Error> {
    let instance = needed("instance", text(fields, "instance", LONGEST)?)?;
    if !is_uuid_like(&instance) || !instance.contains('-') {
        return Err(Error::invalid(format!("'instance': {instance} is no UUID in lower case with dashes.")));
    }
    Ok(Reconcile {
        row_created: now,
        row_updated: now,
        instance,
        launched_at: needed("launched_at", time(fields, "launched_at")?)?,
        deleted_at: time(fields, "deleted_at")?,
        instance_type_id: text(fields, "instance_type_id", LONGEST)?,
        instance_flavor_id: text(fields, "instance_flavor_id", LONGEST)?,
        tenant: text(fields, "tenant", LONGEST)?,
        image: Image {
            os_architecture: text(fields, "os_architecture", LONGEST)?.unwrap_or_default(),
            os_distro: text(fields, "os_distro", LONGEST)?.unwrap_or_default(),
            os_version: text(fields, "os_version", LONGEST)?.unwrap_or_default(),
            rax_options: text(fields, "rax_options", LONGEST)?.unwrap_or_default(),
        },
        source: needed(
            "source",
            text(fields, "source", LONGEST_SOURCE)?.filter(|source| !source.is_empty()),
        )?,
    })
}

fn needed<T>(name: &str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| Error::invalid(format!("'{name}' is missing from the body.")))
}

fn text(fields: &Map<String, Value>, name: &str, longest: usize) -> Result<Option<String>, Error> {
    let text = match fields.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(Error::invalid(format!("'{name}' is no text."))),
    };
    if text.chars().count() > longest {
        return Err(Error::invalid(format!("'{name}' has more than {longest} characters.")));
    }
    Ok(Some(text))
}

fn time(fields: &Map<String, Value>, name: &str) -> Result<Option<Micros>, Error> {
    let Some(text) = text(fields, name, LONGEST)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let wrong = || Error::invalid(format!("'{name}': {text} is no time (yyyy-mm-dd hh:mm:ss)."));
    Micros::parse(&text).map(Some).ok_or_else(wrong)
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
    fn what_is_not_given_is_null_or_empty() {
        let mut given = fields();
        given["instance_type_id"] = json!(2);
        given["deleted_at"] = json!("");
        let record = record(given.as_object().expect("an object"), Micros(7)).expect("it is whole");
        assert_eq!(record.instance_type_id.as_deref(), Some("2"));
        assert_eq!((record.deleted_at, record.tenant, record.row_created), (None, None, Micros(7)));
        assert_eq!(record.image, Image::default());
    }

    #[test]
    fn a_field_that_is_wrong_is_named() {
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
            let refused = record(given.as_object().expect("an object"), Micros(0)).expect_err("it is wrong");
            assert!(refused.to_string().contains(&format!("'{name}'")), "{name} {value}: {refused}");
        }
    }
}
