//! Pure. Quality values, by which a client ranks or excludes what it accepts (RFC 9110, 12.4.2).

/// The elements of an `Accept` or `Accept-Encoding` header, each with whether its quality is above 0.
///
/// An element without a quality is acceptable; one with an invalid quality is not.
pub fn elements(header: &str) -> impl Iterator<Item = (&str, bool)> {
    header.split(',').map(|element| {
        let mut parts = element.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let is_acceptable = |quality: &str| quality.parse().is_ok_and(|quality: f64| quality > 0.0);
        (name, quality.is_none_or(is_acceptable))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_acceptable_unless_its_quality_is_0_or_invalid() {
        let found: Vec<_> = elements("a, b;q=0.001 ,c;level=1;Q=0,d;q=0.000, e;q=much,").collect();
        let expected = [("a", true), ("b", true), ("c", false), ("d", false), ("e", false), ("", true)];
        assert_eq!(found, expected);
    }
}
