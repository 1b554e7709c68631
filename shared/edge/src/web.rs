//! Settings of CORS, the base path and the public URL.

use domain::error::Error;
use domain::platform::variables::{Variables, invalid};

/// The variables that these settings are read from.
pub const VARIABLES: &[&str] =
    &["CORS_ORIGINS", "BASE_PATH", "PUBLIC_BASE_URL", "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH"];

/// How clients reach the APIs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Web {
    /// Origins whose pages may call the APIs, such as `https://ops.example.com`, or `*` for all. Default none.
    pub cors_origins: Vec<String>,
    /// The prefix that a mapping or a proxy adds to every path, such as `/steward`. Default none.
    pub base_path: String,
    /// The APIs' URL for clients, without a trailing slash. Default: the gateway's.
    pub public_base_url: Option<String>,
}

impl Web {
    /// Reads the settings. Fails if a value is invalid.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        let value = |name: &str| variables.get(name).unwrap_or_default().trim();
        let origins = value("CORS_ORIGINS").split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let cors_origins: Vec<_> = origins.map(str::to_owned).collect();
        if let Some(other) = cors_origins.iter().find(|origin| *origin != "*" && !is_origin(origin)) {
            let expected = "expected * or an origin such as https://ops.example.com";
            return Err(invalid("CORS_ORIGINS", other, &expected));
        }
        let base_path = match value("BASE_PATH").trim_matches('/') {
            "" => String::new(),
            path => format!("/{path}"),
        };
        let public_base_url = match value("PUBLIC_BASE_URL").trim_end_matches('/') {
            "" => None,
            url if url.starts_with("https://") || url.starts_with("http://") => Some(url.to_owned()),
            other => {
                let expected = "expected a URL such as https://ops.example.com";
                return Err(invalid("PUBLIC_BASE_URL", other, &expected));
            }
        };
        Ok(Self { cors_origins, base_path, public_base_url })
    }
}

/// Whether a text is an origin as browsers send it: a scheme, a host and at most a port.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_around_base_paths_and_urls_are_normalised_and_origins_are_checked() {
        let web = |name: &str, value: &str| {
            Web::read(&Variables::default().with([(name, value)])).map_err(|error| error.to_string())
        };
        let origins = |value| web("CORS_ORIGINS", value).map(|web| web.cors_origins);
        assert_eq!(origins(" "), Ok(Vec::new()));
        let two = ["https://a.example", "http://localhost:3000"].map(str::to_owned);
        assert_eq!(origins("https://a.example, http://localhost:3000,"), Ok(two.to_vec()));
        assert_eq!(origins("*"), Ok(vec!["*".to_owned()]));
        for wrong in ["a.example", "https://a.example/", "https://", "null", "https://a b"] {
            assert!(origins(wrong).is_err_and(|error| error.starts_with("CORS_ORIGINS: ")), "{wrong}");
        }
        for (value, expected) in [("", ""), ("/", ""), ("steward", "/steward"), ("/a/b/", "/a/b")] {
            assert_eq!(web("BASE_PATH", value).map(|web| web.base_path), Ok(expected.to_owned()), "{value}");
        }
        let url = |value| web("PUBLIC_BASE_URL", value).map(|web| web.public_base_url);
        assert_eq!(url("https://a.example/x/"), Ok(Some("https://a.example/x".to_owned())));
        assert_eq!(url(""), Ok(None));
        assert!(url("a.example").is_err());
    }
}
