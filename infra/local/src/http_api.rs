//! Pure. How an API Gateway HTTP API changes a path before a function sees it.

use percent_encoding::percent_decode_str;

/// The `rawPath` that a function is given for this path, or `None` where the gateway itself answers 400.
///
/// As captured from live HTTP APIs: the path is decoded twice, so that `%252F` is a slash as `%2F` is, a `%25` must begin
/// an escape, and everything from an encoded question mark on is lost.
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
    fn paths_are_decoded_as_live_http_apis_do() {
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
