//! The only reader of the environment: the variables that configure a process.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use crate::error::Error;

/// Read units that one query may use before it is refused: about 160 MB read, a quarter of a cent.
const QUERY_BUDGET: u64 = 20_000;
/// Days that notifications, their bodies and rejected elements are kept.
const RETENTION_DAYS: i64 = 14;

/// Settings that several groups read. Every group lists its own in its `settings.rs`.
pub const SHARED: &[&str] = &["RETENTION_DAYS", "QUERY_BUDGET"];

/// The environment variables of a process, or a test's in their place. Cheap to clone.
///
/// `Debug` prints the names only: values may be credentials.
#[derive(Clone, Default)]
pub struct Variables(Arc<HashMap<String, String>>);

impl Variables {
    /// The variables of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> Self {
        Self(Arc::new(std::env::vars().collect()))
    }

    /// The same with some variables set.
    #[must_use]
    pub fn with<K: Into<String>, V: Into<String>>(&self, more: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut variables = HashMap::clone(&self.0);
        variables.extend(more.into_iter().map(|(name, value)| (name.into(), value.into())));
        Self(Arc::new(variables))
    }

    /// The value of a variable. `None` if it is unset or empty: a template cannot leave a variable out.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of a variable that has no default. Fails if it is unset or empty.
    pub fn required(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| Error::invalid(format!("{name} is not set")))
    }

    /// The values of all variables whose names end with `suffix`.
    pub fn ending_with(&self, suffix: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(name, _)| name.ends_with(suffix));
        named.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Parses a variable; `default` if it is unset or empty. The error names the variable and its value.
    pub fn parse<T>(&self, name: &str, default: T) -> Result<T, Error>
    where
        T: FromStr,
        T::Err: Display,
    {
        match self.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|cause: T::Err| invalid(name, text, &cause)),
        }
    }

    /// Read units that one query may use before it is refused (`QUERY_BUDGET`, 20,000 by default).
    pub fn query_budget(&self) -> Result<u64, Error> {
        self.parse("QUERY_BUDGET", QUERY_BUDGET)
    }

    /// Seconds that notifications, their bodies and rejected elements are kept, counted from receipt
    /// (`RETENTION_DAYS`, 14 by default).
    pub fn retention_seconds(&self) -> Result<i64, Error> {
        Ok(self.parse("RETENTION_DAYS", RETENTION_DAYS)?.saturating_mul(86_400))
    }
}

/// The error of a variable whose value cannot be used.
pub fn invalid(name: &str, value: &str, reason: &dyn Display) -> Error {
    Error::invalid(format!("{name}: '{value}': {reason}"))
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.0.keys().collect();
        names.sort_unstable();
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_and_empty_variables_have_their_default_and_a_wrong_value_names_its_variable() {
        let variables = Variables::default().with([("RETENTION_DAYS", ""), ("QUERY_BUDGET", "soon")]);
        assert_eq!(variables.retention_seconds().expect("the default"), 14 * 86_400);
        let refused = variables.query_budget().expect_err("not a number");
        assert_eq!(refused.to_string(), "QUERY_BUDGET: 'soon': invalid digit found in string");
        let refused = variables.required("USAGE_TABLE").expect_err("it is unset");
        assert_eq!(refused.to_string(), "USAGE_TABLE is not set");
        assert_eq!(format!("{variables:?}"), r#"["QUERY_BUDGET", "RETENTION_DAYS"]"#);
    }
}
