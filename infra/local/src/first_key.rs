//! The key by which the first administrator comes in, as a stack's first secret is on AWS.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Its file in the data folder.
pub const FILE: &str = "first-key";

/// The key, and where its user finds it.
#[derive(Debug)]
pub enum FirstKey {
    /// In a file that only this user may read.
    Kept(PathBuf, String),
    /// Nowhere but on the screen, for as long as the program runs.
    Shown(String),
}

impl FirstKey {
    /// The key in the folder; made by `make` where there is none.
    pub fn kept_in(folder: &Path, make: impl FnOnce() -> String) -> Result<Self> {
        let file = folder.join(FILE);
        let fails = || format!("{} cannot be used", file.display());
        if file.exists() {
            let key = fs::read_to_string(&file).with_context(fails)?;
            return Ok(Self::Kept(file, key.trim().to_owned()));
        }
        let key = make();
        let mut opened =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file).with_context(fails)?;
        writeln!(opened, "{key}").with_context(fails)?;
        Ok(Self::Kept(file, key))
    }

    /// The key itself.
    pub fn secret(&self) -> &str {
        match self {
            Self::Kept(_, key) | Self::Shown(key) => key,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_only_its_user_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = FirstKey::kept_in(folder.path(), || "abc".to_owned()).expect("it is made");
        assert_eq!(first.secret(), "abc");
        let mode = fs::metadata(folder.path().join(FILE)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = FirstKey::kept_in(folder.path(), || "def".to_owned()).expect("it is read");
        assert_eq!(again.secret(), "abc");
    }
}
