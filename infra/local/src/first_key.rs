//! The first administrator's API key, which the stack keeps in its first secret on AWS.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Name of the key's file in the data directory.
pub const FILE: &str = "first-key";

/// The first administrator's API key.
#[derive(Debug)]
pub enum FirstKey {
    /// A key kept in a file that only its owner can read.
    File {
        /// The file.
        path: PathBuf,
        /// The key.
        secret: String,
    },
    /// A key that is only printed, and valid as long as the process runs.
    Printed(String),
}

impl FirstKey {
    /// Reads the key from its file in `directory`, or creates the file with the secret that `generate` returns.
    pub fn load_or_create(directory: &Path, generate: impl FnOnce() -> String) -> Result<Self> {
        let path = directory.join(FILE);
        let unusable = || format!("{} cannot be used", path.display());
        if path.exists() {
            let secret = fs::read_to_string(&path).with_context(unusable)?.trim().to_owned();
            return Ok(Self::File { path, secret });
        }
        let secret = generate();
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        writeln!(file.with_context(unusable)?, "{secret}").with_context(unusable)?;
        Ok(Self::File { path, secret })
    }

    /// Returns the key itself.
    pub fn secret(&self) -> &str {
        match self {
            Self::File { secret, .. } | Self::Printed(secret) => secret,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_created_once_and_readable_by_its_owner_only() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let created =
            FirstKey::load_or_create(directory.path(), || "abc".to_owned()).expect("the key is created");
        assert_eq!(created.secret(), "abc");
        let metadata = fs::metadata(directory.path().join(FILE)).expect("the file exists");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        let loaded =
            FirstKey::load_or_create(directory.path(), || "def".to_owned()).expect("the key is loaded");
        assert_eq!(loaded.secret(), "abc");
    }
}
