//! Pure. Whether a client takes JSON.

/// Whether an `Accept` header, or its absence, leaves room for JSON.
pub fn takes_json(header: Option<&str>) -> bool {
    let Some(header) = header.filter(|header| !header.trim().is_empty()) else { return true };
    header.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_json = ["application/json", "application/*", "*/*"].contains(&kind.as_str());
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        is_json && quality.is_none_or(|quality| quality.parse().is_ok_and(|quality: f64| quality > 0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_taken_unless_something_else_is_asked_for_alone() {
        for (header, expected) in [
            (None, true),
            (Some(""), true),
            (Some("*/*"), true),
            (Some("application/*"), true),
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("text/html, application/json;q=0.1"), true),
            (Some("text/html, application/json;q=0"), false),
            (Some("application/xml"), false),
            (Some("application/jaason"), false),
            (Some("text/*"), false),
        ] {
            assert_eq!(takes_json(header), expected, "{header:?}");
        }
    }
}
