//! Folders of private servers in a data directory, which stay between runs.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::private_server::{Account, VAR_TMP, is_reachable, new_folder};

/// Returns the folder of this name in a data directory, or the target of a link of this name if `account` cannot reach the
/// directory, such as one in the home of root.
pub fn find(directory: &Path, name: &str, account: Account) -> Result<PathBuf> {
    let directory = directory.canonicalize()?;
    let folder = directory.join(name);
    match fs::read_link(&folder) {
        Ok(target) if target.is_dir() => return Ok(target),
        Ok(_) => fs::remove_file(&folder)?,
        Err(_) => {}
    }
    if folder.exists() || is_reachable(&directory, account) {
        return Ok(folder);
    }
    let target = new_folder(Path::new(VAR_TMP), account, name);
    let created = DirBuilder::new().mode(0o700).create(&target);
    created.with_context(|| format!("{} cannot be created", target.display()))?;
    symlink(&target, &folder)?;
    Ok(target)
}

/// Deletes everything in a folder.
pub fn clear(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn folder_is_outside_of_a_directory_that_the_servers_user_cannot_reach() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().canonicalize().expect("a path");
        let closed = path.join("closed");
        fs::create_dir(&closed).expect("created");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("changed");
        let other = Some((65_534, 65_534));
        let find = |account| find(&closed, "mariadb", account).expect("a folder");
        assert_eq!(find(None), closed.join("mariadb"));
        let outside = find(other);
        assert!(!outside.starts_with(&path) && outside.is_dir(), "{}", outside.display());
        assert_eq!(find(other), outside, "the link leads to it");
        fs::remove_dir(&outside).expect("removed");
        let again = find(other);
        assert_ne!(again, outside);
        fs::remove_dir(again).expect("removed");
    }
}
