//! Pure. Versions of servers.

use std::fmt;

/// The product and the version of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    /// Whether it is `MariaDB`, and not `MySQL`.
    pub is_mariadb: bool,
    /// Major, minor and patch version.
    pub number: (u16, u16, u16),
}

impl ServerVersion {
    /// Parses the value of `@@version`, such as `10.11.19-MariaDB-0+deb12u1` or `8.0.36`. Missing parts are 0.
    pub fn parse(text: &str) -> Self {
        // Some servers put a version in front that old replicas accept.
        let number = text.strip_prefix("5.5.5-").unwrap_or(text);
        let mut parts = number
            .split(|c: char| !c.is_ascii_digit())
            .map(|part| part.parse().unwrap_or(0))
            .chain(std::iter::repeat(0));
        let mut part = || parts.next().unwrap_or(0);
        Self { is_mariadb: text.to_ascii_lowercase().contains("mariadb"), number: (part(), part(), part()) }
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.number;
        write!(f, "{} {major}.{minor}.{patch}", if self.is_mariadb { "MariaDB" } else { "MySQL" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_numbers_are_read_from_the_version() {
        for (text, shown) in [
            ("10.11.19-MariaDB-0+deb12u1", "MariaDB 10.11.19"),
            ("5.5.5-10.6.14-MariaDB-log", "MariaDB 10.6.14"),
            ("11.4.2-MariaDB", "MariaDB 11.4.2"),
            ("8.0.36", "MySQL 8.0.36"),
            ("8.4.0-commercial", "MySQL 8.4.0"),
            ("8.0.mysql_aurora.3.05.2", "MySQL 8.0.0"),
            ("", "MySQL 0.0.0"),
        ] {
            assert_eq!(ServerVersion::parse(text).to_string(), shown, "{text}");
        }
    }
}
