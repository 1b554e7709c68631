//! The data directory of a durable local run: its lock, its format and its files.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The format version that this program reads and writes.
const FORMAT: u32 = 1;
/// The header of every database file, <https://www.sqlite.org/fileformat.html>.
const SQLITE_HEADER: &[u8] = b"SQLite format 3\0";

/// A locked data directory. The lock is released when this value is dropped or the process ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// The reason why a data directory cannot be used. The text is one line, and tells the user what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process holds the lock.
    #[error("{} is in use by another steward; stop it, or choose another directory with --data", .0.display())]
    Locked(PathBuf),
    /// A newer version of the program wrote the directory.
    #[error("{} has format {found}, but this steward supports only {FORMAT} and below; use a newer one", .path.display())]
    NewerFormat {
        /// The directory.
        path: PathBuf,
        /// Its format version.
        found: u32,
    },
    /// A file has invalid content.
    #[error("{} is damaged: {reason}; restore it, or delete its directory to start over", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// A description of the damage.
        reason: String,
    },
    /// The operating system reported an error.
    #[error("{} cannot be used: {cause}; choose another directory with --data, or use --memory", .path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
}

impl DataDir {
    /// Locks the directory at `path` and checks its files. Creates it if it does not exist.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        fs::create_dir_all(path).map_err(io_error(path))?;
        let lock_file = path.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_file);
        let lock = lock.map_err(io_error(&lock_file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataDirError::Locked(path.to_owned())),
            Err(TryLockError::Error(cause)) => return Err(io_error(&lock_file)(cause)),
        }
        let directory = Self { path: path.to_owned(), _lock: lock };
        directory.check_format()?;
        for file in [directory.dynamodb(), directory.sqs()] {
            check_database(&file)?;
        }
        Ok(directory)
    }

    /// Returns the path of the tables' database.
    pub fn dynamodb(&self) -> PathBuf {
        self.path.join("dynamodb.sqlite")
    }

    /// Returns the path of the queues' database.
    pub fn sqs(&self) -> PathBuf {
        self.path.join("sqs.sqlite")
    }

    fn check_format(&self) -> Result<(), DataDirError> {
        let file = self.path.join("format");
        match fs::read_to_string(&file) {
            Ok(text) => match text.trim().parse() {
                Ok(found) if found <= FORMAT => Ok(()),
                Ok(found) => Err(DataDirError::NewerFormat { path: self.path.clone(), found }),
                Err(_) => Err(damaged(&file, &"expected a format number")),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Renaming is atomic: a crash leaves the file complete or absent.
                let new = self.path.join("format.new");
                fs::write(&new, format!("{FORMAT}\n")).map_err(io_error(&new))?;
                fs::rename(&new, &file).map_err(io_error(&file))
            }
            Err(error) => Err(damaged(&file, &error)),
        }
    }
}

/// Returns the error of a file with invalid content.
pub fn damaged(file: &Path, reason: &dyn fmt::Display) -> DataDirError {
    DataDirError::Damaged { path: file.to_owned(), reason: reason.to_string() }
}

/// Checks that a database file is absent, empty, or starts with the header of `SQLite`.
fn check_database(path: &Path) -> Result<(), DataDirError> {
    let mut file = match File::options().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error(path)(error)),
    };
    let mut header = Vec::new();
    file.by_ref().take(SQLITE_HEADER.len() as u64).read_to_end(&mut header).map_err(io_error(path))?;
    if header.is_empty() || header == SQLITE_HEADER {
        Ok(())
    } else {
        Err(damaged(path, &"not an SQLite database"))
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> DataDirError {
    let path = path.to_owned();
    move |cause| DataDirError::Io { path, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temporary_directory() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary directory")
    }

    #[test]
    fn a_directory_is_created_locked_and_released_on_drop() {
        let parent = temporary_directory();
        let path = parent.path().join("a/b");
        let first = DataDir::open(&path).expect("the directory is created");
        assert!(matches!(DataDir::open(&path), Err(DataDirError::Locked(locked)) if locked == path));
        drop(first);
        DataDir::open(&path).expect("the lock is released");
        assert_eq!(fs::read_to_string(path.join("format")).expect("the file exists"), "1\n");
    }

    #[test]
    fn newer_formats_and_damaged_files_are_reported_in_one_line() {
        let cases = [
            ("format", "2\n", "has format 2, but this steward supports only 1 and below"),
            ("format", "one", "format is damaged: expected a format number"),
            ("dynamodb.sqlite", "hello", "dynamodb.sqlite is damaged: not an SQLite database"),
            ("sqs.sqlite", "SQLite format 4 and more", "sqs.sqlite is damaged: not an SQLite database"),
        ];
        for (file, content, expected) in cases {
            let directory = temporary_directory();
            fs::write(directory.path().join(file), content).expect("the file is written");
            let error = DataDir::open(directory.path()).expect_err("the file is invalid").to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains('\n'));
        }
    }

    #[test]
    fn a_path_below_a_file_is_reported() {
        let directory = temporary_directory();
        let file = directory.path().join("file");
        fs::write(&file, "").expect("the file is written");
        let error = DataDir::open(&file.join("data")).expect_err("a file has no subdirectories").to_string();
        assert!(error.contains("cannot be used"), "{error}");
    }
}
