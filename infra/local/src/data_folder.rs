//! The folder of a durable local run: who uses it, and in which format it is.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The format that this program writes. A higher one was written by a newer program.
const FORMAT: u32 = 1;
/// The first bytes of every database file, <https://www.sqlite.org/fileformat.html>.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// A folder that is ours as long as this value lives, or the process.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// Holds the lock; the system lets go of it when the process ends, however it ends.
    _lock: File,
}

/// Why a folder cannot be used; each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Another program holds the lock.
    #[error("{} is in use by another steward; stop it, or give another folder with --data", .0.display())]
    Locked(PathBuf),
    /// A newer program wrote it.
    #[error("{} has format {found}, and this steward knows formats up to {FORMAT}; use the newer steward", .path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A file is not what it should be.
    #[error("{} is damaged: {reason}; restore it, or delete its folder to begin anew", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system refuses.
    #[error("{} cannot be used: {cause}; give another folder with --data, or --memory", .path.display())]
    Refused {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

impl DataFolder {
    /// Takes the folder at `path`, which is made where there is none.
    pub fn open(path: &Path) -> Result<Self, Unusable> {
        fs::create_dir_all(path).map_err(refused(path))?;
        let lock_file = path.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_file);
        let lock = lock.map_err(refused(&lock_file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Unusable::Locked(path.to_owned())),
            Err(TryLockError::Error(cause)) => return Err(refused(&lock_file)(cause)),
        }
        let folder = Self { path: path.to_owned(), _lock: lock };
        folder.check_format()?;
        for file in [folder.dynamodb(), folder.sqs()] {
            check_database(&file)?;
        }
        Ok(folder)
    }

    /// The file of the tables.
    pub fn dynamodb(&self) -> PathBuf {
        self.path.join("dynamodb.sqlite")
    }

    /// The file of the queues.
    pub fn sqs(&self) -> PathBuf {
        self.path.join("sqs.sqlite")
    }

    fn check_format(&self) -> Result<(), Unusable> {
        let file = self.path.join("format");
        match fs::read_to_string(&file) {
            Ok(text) => match text.trim().parse() {
                Ok(found) if found <= FORMAT => Ok(()),
                Ok(found) => Err(Unusable::Newer { path: self.path.clone(), found }),
                Err(_) => Err(damaged(&file, &"it does not hold a format number")),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Renamed into place, so that it is whole or not there.
                let new = self.path.join("format.new");
                fs::write(&new, format!("{FORMAT}\n")).map_err(refused(&new))?;
                fs::rename(&new, &file).map_err(refused(&file))
            }
            Err(error) => Err(damaged(&file, &error)),
        }
    }
}

/// Says of a database that does not open that its file is damaged.
pub fn damaged(file: &Path, reason: &dyn fmt::Display) -> Unusable {
    Unusable::Damaged { path: file.to_owned(), reason: reason.to_string() }
}

/// A file that is there and not empty begins as a database does.
fn check_database(path: &Path) -> Result<(), Unusable> {
    let mut file = match File::options().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refused(path)(error)),
    };
    let mut start = Vec::new();
    file.by_ref().take(SQLITE.len() as u64).read_to_end(&mut start).map_err(refused(path))?;
    if start.is_empty() || start == SQLITE {
        Ok(())
    } else {
        Err(damaged(path, &"it is not an SQLite database"))
    }
}

fn refused(path: &Path) -> impl FnOnce(io::Error) -> Unusable {
    let path = path.to_owned();
    move |cause| Unusable::Refused { path, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn a_folder_is_made_and_can_be_taken_again_once_it_is_let_go() {
        let parent = folder();
        let path = parent.path().join("a/b");
        let first = DataFolder::open(&path).expect("it is made");
        assert!(matches!(DataFolder::open(&path), Err(Unusable::Locked(locked)) if locked == path));
        drop(first);
        DataFolder::open(&path).expect("nobody uses it");
        assert_eq!(fs::read_to_string(path.join("format")).expect("it is there"), "1\n");
    }

    #[test]
    fn a_folder_of_a_newer_program_and_damaged_ones_are_refused() {
        let cases = [
            ("format", "2\n", "has format 2, and this steward knows formats up to 1"),
            ("format", "one", "format is damaged: it does not hold a format number"),
            ("dynamodb.sqlite", "hello", "dynamodb.sqlite is damaged: it is not an SQLite database"),
            ("sqs.sqlite", "SQLite format 4 and more", "sqs.sqlite is damaged: it is not an SQLite database"),
        ];
        for (file, content, said) in cases {
            let folder = folder();
            fs::write(folder.path().join(file), content).expect("it is written");
            let refused = DataFolder::open(folder.path()).expect_err("it is refused").to_string();
            assert!(refused.contains(said), "{refused}");
            assert!(!refused.contains('\n'));
        }
    }

    #[test]
    fn a_path_that_cannot_be_a_folder_is_refused() {
        let folder = folder();
        let file = folder.path().join("file");
        fs::write(&file, "").expect("it is written");
        let refused =
            DataFolder::open(&file.join("data")).expect_err("a file has no folders in it").to_string();
        assert!(refused.contains("cannot be used"), "{refused}");
    }
}
