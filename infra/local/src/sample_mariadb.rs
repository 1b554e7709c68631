//! The MariaDB servers of the samples, which `steward up --samples` starts if no server is configured.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use schemas::servers;

use crate::kept_folder::{self, clear};
use crate::private_mariadb::{FOR_TESTS, PrivateMariadb, server_user, stop_earlier_server};
use crate::stand_ins::Storage;

/// The schemas of the target server.
pub const TARGET: &str = include_str!("../samples/target.sql");
/// The schema of the second server, whose structure no version describes.
pub const STANDBY: &str = include_str!("../samples/standby.sql");
/// The file in the folder of a server that tells that its sample was loaded.
const LOADED: &str = "loaded";
/// The file in the folder of a server with which `mariadb` connects to it.
const OPTIONS: &str = "client.cnf";

/// Two running servers: the target of changesets, and the scratch server, which is the second server of the samples, too.
/// Dropping it stops them.
#[derive(Debug)]
pub struct SampleMariadb {
    target: PrivateMariadb,
    scratch: PrivateMariadb,
    /// The file with the address and the credentials of the target, by the path that users know.
    option_file: PathBuf,
}

impl SampleMariadb {
    /// Starts the servers. New ones get the samples; those in a data directory are kept between runs.
    pub fn start(storage: &Storage) -> Result<Self> {
        let (target, known_as) = start_one(storage, "mariadb", TARGET)?;
        let (scratch, _) = start_one(storage, "mariadb-scratch", STANDBY)?;
        let file = target.folder().join(OPTIONS);
        let options = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file);
        options.and_then(|mut file| file.write_all(target.option_file().as_bytes()))?;
        Ok(Self { target, scratch, option_file: known_as.join(OPTIONS) })
    }

    /// Returns the variables with the URLs of the servers, which contain the passwords.
    pub fn variables(&self) -> [(&'static str, String); 2] {
        let urls =
            [&self.target, &self.scratch].map(|server| server.url().replace("@127.0.0.1:", "@localhost:"));
        let urls = serde_json::Value::from(urls.to_vec()).to_string();
        [(servers::URLS, urls), (servers::SCRATCH, self.scratch.url())]
    }

    /// Returns the ports of the target and of the second server.
    pub fn ports(&self) -> (u16, u16) {
        (self.target.port(), self.scratch.port())
    }

    /// Returns the path of the file with which `mariadb --defaults-file` connects to the target.
    pub fn option_file(&self) -> &Path {
        &self.option_file
    }
}

/// Starts a server, and returns it with the folder by which users know it.
fn start_one(storage: &Storage, name: &str, sample: &str) -> Result<(PrivateMariadb, PathBuf)> {
    let Storage::Directory(directory) = storage else {
        let server = PrivateMariadb::temporary(FOR_TESTS)?;
        server.run(sample)?;
        let folder = server.folder().to_owned();
        return Ok((server, folder));
    };
    let folder = kept_folder::find(directory, name, server_user()?)?;
    let loaded = folder.join(LOADED);
    if !loaded.exists() {
        // An earlier run was killed before the sample was complete.
        stop_earlier_server(&folder)?;
        clear(&folder)?;
    }
    let server = PrivateMariadb::start(&folder, &[])?;
    if !loaded.exists() {
        server.run(sample).context("the sample cannot be loaded")?;
        fs::write(&loaded, "")?;
    }
    Ok((server, directory.join(name)))
}
