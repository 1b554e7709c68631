//! Pure. Splitting a request body into its elements, each a notification or a `[routing_key, notification]` pair.

use std::fmt::Write as _;

use serde_json::value::RawValue;

use crate::error::{Error, Kind};

/// Maximum size of one element, as escaped ASCII.
pub const MAX_ELEMENT_BYTES: usize = 200_000;
/// Maximum number of elements in a body.
pub const MAX_ELEMENTS: usize = 10_000;
/// Maximum nesting depth of objects and lists in a body.
const MAX_DEPTH: usize = 64;

/// One element of a body, as JSON in escaped ASCII.
pub type Element = String;

/// Splits a body into its elements. A body is one element or a list of them.
///
/// Fails if any part of the body is invalid: if it is not JSON, if an element is neither an object nor a pair, or if
/// something is too large or nested too deeply.
pub fn parse(body: &[u8]) -> Result<Vec<Element>, Error> {
    let text =
        std::str::from_utf8(body).map_err(|cause| Error::invalid("The body is not UTF-8.").because(cause))?;
    check_depth(text)?;
    let whole: &RawValue = serde_json::from_str(text).map_err(|cause| not_json(&cause))?;
    let elements = match first_byte(whole) {
        b'[' if is_pair(whole) => vec![whole],
        b'[' => serde_json::from_str::<Vec<&RawValue>>(whole.get()).map_err(|cause| not_json(&cause))?,
        b'{' => vec![whole],
        _ => return Err(Error::invalid("The body must be a notification or a list of notifications.")),
    };
    if elements.len() > MAX_ELEMENTS {
        return Err(too_large(format!("A request may hold at most {MAX_ELEMENTS} notifications.")));
    }
    elements.into_iter().enumerate().map(|(index, element)| parse_element(index, element)).collect()
}

fn parse_element(index: usize, element: &RawValue) -> Result<Element, Error> {
    if first_byte(element) != b'{' && !is_pair(element) {
        return Err(Error::invalid(format!(
            "Element {index} is not a notification: expected an object or a [routing_key, object] pair."
        )));
    }
    let ascii = to_ascii(element.get());
    if ascii.len() > MAX_ELEMENT_BYTES {
        return Err(too_large(format!("Element {index} is larger than {MAX_ELEMENT_BYTES} bytes.")));
    }
    Ok(ascii)
}

fn first_byte(value: &RawValue) -> u8 {
    value.get().bytes().next().unwrap_or_default()
}

fn is_pair(value: &RawValue) -> bool {
    serde_json::from_str::<(String, &RawValue)>(value.get()).is_ok_and(|(_, body)| first_byte(body) == b'{')
}

fn not_json(cause: &serde_json::Error) -> Error {
    Error::invalid(format!("The body is not JSON: {cause}."))
}

fn too_large(public: String) -> Error {
    Error::new(Kind::TooLarge, public)
}

/// Rejects deeply nested JSON before any recursive parser sees it.
fn check_depth(text: &str) -> Result<(), Error> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(too_large(format!("The body is nested more than {MAX_DEPTH} levels deep.")));
        }
    }
    Ok(())
}

/// Escapes the non-ASCII characters of valid JSON. They occur in strings only, so the meaning stays the same.
pub fn to_ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_a_list_or_one_notification_or_one_pair() {
        for (body, expected) in [
            ("[]", 0),
            ("{}", 1),
            (r#"[{"a":1},{"b":2}]"#, 2),
            (r#" [ ["compute.info", {"a":1}] ] "#, 1),
            (r#"["compute.info", {"a":1}]"#, 1),
        ] {
            assert_eq!(parse(body.as_bytes()).map(|list| list.len()).ok(), Some(expected), "{body}");
        }
    }

    #[test]
    fn one_invalid_element_rejects_the_whole_body() {
        let deep = "[".repeat(65) + &"]".repeat(65);
        let large = format!(r#"[{{"a":"{}"}}]"#, "x".repeat(MAX_ELEMENT_BYTES));
        let many = format!("[{}{{}}]", "{},".repeat(MAX_ELEMENTS));
        for (body, kind) in [
            ("", Kind::Invalid),
            ("no", Kind::Invalid),
            ("7", Kind::Invalid),
            (r#"[{"a":1},7]"#, Kind::Invalid),
            (r#"[{"a":1},["x"]]"#, Kind::Invalid),
            (r#"[{"a":1}"#, Kind::Invalid),
            (&deep, Kind::TooLarge),
            (&large, Kind::TooLarge),
            (&many, Kind::TooLarge),
        ] {
            assert_eq!(parse(body.as_bytes()).expect_err("an invalid body").kind(), kind, "{body:.40}");
        }
        assert_eq!(parse(b"\xff").expect_err("invalid UTF-8").kind(), Kind::Invalid);
    }

    #[test]
    fn brackets_in_strings_do_not_count_as_nesting() {
        let body = format!(r#"{{"a":"\"{}"}}"#, "[".repeat(200));
        assert!(parse(body.as_bytes()).is_ok());
    }
}
