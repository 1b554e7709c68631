//! The PostgreSQL server of the samples, which `steward up --samples` starts if no server is configured.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::kept_folder::{self, clear};
use crate::private_postgres::{PrivatePostgres, WORLD, server_user, stop_earlier_server};
use crate::stand_ins::Storage;

/// The database with the sample, which the documented examples use.
const DATABASE: &str = "postgres";
/// The file in the folder of a cluster that tells that the sample was loaded.
const LOADED: &str = "loaded";
/// The file in the folder of a cluster with which `psql` connects to it.
const SERVICE: &str = "service.conf";
/// Settings of a cluster that is kept. Autovacuum leaves tables alone that only grew, so that the sample keeps the
/// documented sizes.
const KEPT: &[&str] = &["autovacuum_vacuum_insert_threshold=-1"];
/// Settings of a cluster that ends with the process.
const IN_MEMORY: &[&str] = &[KEPT[0], "fsync=off", "full_page_writes=off", "synchronous_commit=off"];

/// A running server with the sample `world`. Dropping it stops the server.
#[derive(Debug)]
pub struct SampleServer {
    postgres: PrivatePostgres,
    /// The connection service file, by the path that users know.
    service_file: PathBuf,
}

impl SampleServer {
    /// Starts the server. A new cluster gets the sample; the cluster in a data directory is kept between runs.
    pub fn start(storage: &Storage) -> Result<Self> {
        let (postgres, known_as) = match storage {
            Storage::Memory => {
                let postgres = PrivatePostgres::temporary(IN_MEMORY)?;
                postgres.run(DATABASE, WORLD)?;
                let folder = postgres.folder().to_owned();
                (postgres, folder)
            }
            Storage::Directory(directory) => (start_in(directory)?, directory.join("postgres")),
        };
        let file = postgres.folder().join(SERVICE);
        let options = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file);
        options.and_then(|mut file| file.write_all(postgres.service(DATABASE).as_bytes()))?;
        Ok(Self { postgres, service_file: known_as.join(SERVICE) })
    }

    /// Returns the URL of the database, which contains the password.
    pub fn url(&self) -> String {
        self.postgres.url(DATABASE)
    }

    /// Returns the port on loopback.
    pub fn port(&self) -> u16 {
        self.postgres.port()
    }

    /// Returns the path of the file with which `psql service=steward` connects.
    pub fn service_file(&self) -> &Path {
        &self.service_file
    }
}

fn start_in(directory: &Path) -> Result<PrivatePostgres> {
    let folder = kept_folder::find(directory, "postgres", server_user()?)?;
    let loaded = folder.join(LOADED);
    if !loaded.exists() {
        // An earlier run was killed before the cluster was complete.
        stop_earlier_server(&folder.join("data"))?;
        clear(&folder)?;
    }
    let postgres = PrivatePostgres::start(&folder, KEPT)?;
    if !loaded.exists() {
        postgres.run(DATABASE, WORLD).context("the sample cannot be loaded")?;
        fs::write(&loaded, "")?;
    }
    Ok(postgres)
}
