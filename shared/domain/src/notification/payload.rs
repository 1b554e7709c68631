//! Pure. Lenient access to payload fields: blank text is null, numbers may be text and text may be a number.

use serde_json::Value;

use crate::time::Micros;

/// Maximum length of a text that becomes part of a key.
pub const IDENTIFIER_BYTES: usize = 255;

/// The name of a field whose value has the wrong type or format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' cannot be read")]
pub struct Unreadable(pub &'static str);

/// Returns the text of a field; `None` for null, blank text, and values that are neither text nor a number.
pub fn text(object: &Value, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the time of a field; `None` for null and blank text.
pub fn time(object: &Value, name: &'static str) -> Result<Option<Micros>, Unreadable> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Micros::parse(text).map(Some).ok_or(Unreadable(name)),
        Some(_) => Err(Unreadable(name)),
    }
}

/// Returns the integer of a field, which may be written as text; `None` for null and blank text.
pub fn integer(object: &Value, name: &'static str) -> Result<Option<i64>, Unreadable> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => number.as_i64().map(Some).ok_or(Unreadable(name)),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => text.trim().parse().map(Some).map_err(|_| Unreadable(name)),
        Some(_) => Err(Unreadable(name)),
    }
}

/// Returns the type of an instance's image as `StackTach` v2's bit field; unknown parts are 0.
pub fn image_type(payload: &Value) -> u32 {
    let meta = payload.get("image_meta").unwrap_or(&Value::Null);
    let kind = match text(meta, "image_type").as_deref() {
        Some("base") => 0x1,
        Some("snapshot") => 0x2,
        Some("import") => IMPORT,
        _ => 0,
    };
    let system = match text(meta, "os_type").or_else(|| text(payload, "os_type")).as_deref() {
        Some("linux") => 0x10,
        Some("windows") => 0x20,
        Some("freebsd") => 0x40,
        _ => 0,
    };
    let distribution = match text(meta, "os_distro").as_deref() {
        Some("ubuntu") => 0x100,
        Some("debian") => 0x200,
        Some("centos") => 0x400,
        Some("rhel") => 0x800,
        _ => 0,
    };
    kind | system | distribution
}

/// Whether this bit field is that of an image imported by a user.
pub fn is_import(image_type: u32) -> bool {
    image_type & 0xf == IMPORT
}

const IMPORT: u32 = 0x3;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_may_be_a_number_and_blank_text_is_null() {
        let object =
            json!({"a": "x", "b": 7, "c": "", "d": "  ", "e": null, "f": [], "g": {}, "h": true, "i": " x "});
        for (name, expected) in [
            ("a", Some("x")),
            ("b", Some("7")),
            ("c", None),
            ("d", None),
            ("e", None),
            ("f", None),
            ("g", None),
            ("h", None),
            ("i", Some(" x ")),
            ("missing", None),
        ] {
            assert_eq!(text(&object, name).as_deref(), expected, "{name}");
        }
        assert_eq!(text(&json!("a string"), "a"), None);
        assert_eq!(text(&json!(["a"]), "a"), None);
    }

    #[test]
    fn times_may_have_offsets_and_blank_times_are_null() {
        let at = Micros::parse("2014-01-17 15:35:44").expect("a time");
        for (value, expected) in [
            (json!("2014-01-17 15:35:44"), Ok(Some(at))),
            (json!("2014-01-17T15:35:44Z"), Ok(Some(at))),
            (json!("2014-01-17 16:35:44+01:00"), Ok(Some(at))),
            (json!(""), Ok(None)),
            (json!(" "), Ok(None)),
            (json!(null), Ok(None)),
            (json!("soon"), Err(Unreadable("at"))),
            (json!(1_389_972_944), Err(Unreadable("at"))),
        ] {
            assert_eq!(time(&json!({"at": value}), "at"), expected, "{value}");
        }
        assert_eq!(time(&json!("text"), "at"), Ok(None));
    }

    #[test]
    fn integers_may_be_text() {
        for (value, expected) in [
            (json!(12), Ok(Some(12))),
            (json!("12"), Ok(Some(12))),
            (json!(" -3 "), Ok(Some(-3))),
            (json!(""), Ok(None)),
            (json!(null), Ok(None)),
            (json!(1.5), Err(Unreadable("n"))),
            (json!("many"), Err(Unreadable("n"))),
            (json!(u64::MAX), Err(Unreadable("n"))),
            (json!({}), Err(Unreadable("n"))),
        ] {
            assert_eq!(integer(&json!({"n": value}), "n"), expected, "{value}");
        }
    }

    #[test]
    fn the_image_type_combines_type_system_and_distribution() {
        for (payload, expected) in [
            (json!({}), 0),
            (json!("a string"), 0),
            (json!({"image_meta": null}), 0),
            (json!({"image_meta": []}), 0),
            (json!({"image_meta": {"image_type": "base"}}), 0x1),
            (json!({"image_meta": {"image_type": "snapshot"}}), 0x2),
            (json!({"image_meta": {"image_type": "import"}}), 0x3),
            (json!({"image_meta": {"image_type": "other"}}), 0),
            (json!({"image_meta": {"os_type": "linux"}}), 0x10),
            (json!({"image_meta": {"os_type": "windows"}, "os_type": "linux"}), 0x20),
            (json!({"os_type": "freebsd"}), 0x40),
            (json!({"image_meta": {"os_distro": "ubuntu"}}), 0x100),
            (json!({"image_meta": {"os_distro": "debian"}}), 0x200),
            (json!({"image_meta": {"os_distro": "centos"}}), 0x400),
            (json!({"image_meta": {"os_distro": "rhel"}}), 0x800),
            (
                json!({"image_meta": {"image_type": "import", "os_type": "windows", "os_distro": "rhel"}}),
                0x823,
            ),
        ] {
            assert_eq!(image_type(&payload), expected, "{payload}");
        }
    }

    #[test]
    fn only_the_low_bits_identify_an_import() {
        assert!(is_import(0x3) && is_import(0x823));
        assert!(!is_import(0x1) && !is_import(0x2) && !is_import(0) && !is_import(0x30));
    }
}
