//! Pure. Decoding of paths as an API Gateway HTTP API does it before it invokes a function.

use percent_encoding::percent_decode_str;

/// Returns the `rawPath` of a function's event for this path. `None` if the gateway itself answers 400.
///
/// As observed on live HTTP APIs: the path is decoded twice, so `%252F` becomes a slash just like `%2F`; `%25` must
/// start an escape sequence; and everything after an encoded question mark is lost.
pub fn raw_path(path: &str) -> Option<String> {
    let decoded = decode(&decode(path)?)?;
    Some(decoded.split('?').next().unwrap_or_default().to_owned())
}

fn decode(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let is_escape =
        |at: usize| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    let percents = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    if !percents.map(|(at, _)| at).all(is_escape) {
        return None;
    }
    Some(percent_decode_str(path).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_as_by_live_http_apis() {
        let cases = [
            ("/c/plain", Some("/c/plain")),
            ("/c/space%20value", Some("/c/space value")),
            ("/c/slash%2Fvalue", Some("/c/slash/value")),
            ("/c/question%3Fvalue", Some("/c/question")),
            ("/c/hash%23value", Some("/c/hash#value")),
            ("/c/percent%25done", None),
            ("/c/percent%25", None),
            ("/c/literal%252Fvalue", Some("/c/literal/value")),
            ("/c/literal%2525value", Some("/c/literal%value")),
            ("/c/%CE%BB", Some("/c/λ")),
            ("/c/%CE", None),
            ("/c/%zz", None),
        ];
        for (path, raw) in cases {
            assert_eq!(raw_path(path).as_deref(), raw, "{path}");
        }
    }
}
