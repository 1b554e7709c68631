//! Query parameters.

use std::borrow::Cow;

use http::Uri;

/// Returns all parameters in their order, decoded.
pub fn pairs(uri: &Uri) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
}

/// Returns the first parameter with this name, decoded.
pub fn first(uri: &Uri, name: &str) -> Option<String> {
    pairs(uri).find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_parameter_of_a_name_is_returned_decoded() {
        let uri: Uri = "/x?b=1&a=c+d%2Fe&a=2&f".parse().expect("a URI");
        assert_eq!(first(&uri, "a").as_deref(), Some("c d/e"));
        assert_eq!(first(&uri, "f").as_deref(), Some(""));
        assert_eq!(first(&uri, "A"), None);
    }
}
