//! Pure. The JSON form of rows.

use domain::error::Error;
use domain::time::Micros;
use serde_json::{Map, Value, json};

use crate::record::{Name, Record};
use crate::resource::declaration::Resource;
use crate::resource::declared::resource;
use crate::resource::field::{Field, FieldKind};
use crate::store::Row;

/// Returns the form of a row: its fields, with links as URIs and times in ISO format.
pub fn form(resource: &Resource, row: &Row) -> Map<String, Value> {
    let fields = resource.fields.iter();
    fields.map(|field| (field.name.to_owned(), shown(resource.name, field, row))).collect()
}

/// Returns the form of a record.
pub fn form_of<T: Record>(record: &T) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(record) {
        Ok(Value::Object(row)) => Ok(form(resource(T::RESOURCE), &row)),
        Ok(_) => Err(Error::bug("a record is not an object")),
        Err(cause) => Err(Error::bug("a record could not be written as JSON").because(cause)),
    }
}

/// Returns the time in ISO format without a zone, with six digits of microseconds if they are not zero.
pub fn iso(at: Micros) -> String {
    let whole = at.to_utc().format("%Y-%m-%dT%H:%M:%S");
    match at.0.rem_euclid(1_000_000) {
        0 => whole.to_string(),
        micros => format!("{whole}.{micros:06}"),
    }
}

/// Returns the stored value of a field. `None` if it is missing or null.
pub fn stored<'a>(field: &Field, row: &'a Row) -> Option<&'a Value> {
    let value = match field.part_of {
        None => row.get(field.name),
        Some((object, part)) => row.get(object).and_then(|object| object.get(part)),
    };
    value.filter(|value| !value.is_null())
}

/// Returns the id of a row.
pub fn id(row: &Row) -> u64 {
    row.get("id").and_then(Value::as_u64).unwrap_or_default()
}

fn shown(name: Name, field: &Field, row: &Row) -> Value {
    if field.kind == FieldKind::Uri {
        return json!(name.uri(id(row)));
    }
    let Some(value) = stored(field, row) else {
        return match field.kind {
            FieldKind::List | FieldKind::Links(_) => json!([]),
            FieldKind::DateTime => Value::Null,
            _ if field.is_nullable => Value::Null,
            _ => field.default.unstored(),
        };
    };
    match field.kind {
        FieldKind::Link(target) => value.as_u64().map_or(Value::Null, |id| json!(target.uri(id))),
        FieldKind::Links(target) => {
            let ids = value.as_array().into_iter().flatten().filter_map(Value::as_u64);
            ids.map(|id| target.uri(id)).collect()
        }
        FieldKind::DateTime => value.as_i64().map_or(Value::Null, |micros| json!(iso(Micros(micros)))),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_microseconds_only_if_they_are_not_zero() {
        for (micros, text) in [
            (1_367_366_580_000_000, "2013-05-01T00:03:00"),
            (1_367_366_580_000_001, "2013-05-01T00:03:00.000001"),
            (1_367_366_580_416_342, "2013-05-01T00:03:00.416342"),
            (-1, "1969-12-31T23:59:59.999999"),
        ] {
            assert_eq!(iso(Micros(micros)), text);
        }
    }
}
