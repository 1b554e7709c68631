//! A private PostgreSQL server, started from the binaries on this machine: for tests and for the local run.

use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::private_server::{
    self, Account, Process, START_TIMEOUT, Start, account, as_user, free_port, password, prepare_folder,
    run_script, succeeded,
};

pub use crate::private_server::{VAR_TMP, is_reachable};

/// Where Debian and Ubuntu install the programs of each major version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Users that a server started by root may run as, the first that exists: PostgreSQL refuses to run as root.
const USERS: [&str; 2] = ["postgres", "nobody"];
/// The signal that stops the server at once and in good order.
const SIGNAL: &str = "INT";
/// The superuser of the cluster.
const SUPERUSER: &str = "steward";

/// Settings that make a cluster fast, and lose it when the machine fails. Nothing happens that a test did not ask for.
pub const FOR_TESTS: &[&str] =
    &["fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "max_connections=200"];

/// The tables, keys, row counts and sizes of the well-known sample `world`, for an empty database.
pub const WORLD: &str = include_str!("../samples/world.sql");

/// A running server. Dropping it stops the server.
#[derive(Debug)]
pub struct PrivatePostgres {
    folder: PathBuf,
    programs: PathBuf,
    server: Process,
    port: u16,
    password: String,
}

impl PrivatePostgres {
    /// Starts the server of the cluster in `folder`, which is created if it is missing, and stays. `settings` are
    /// `name=value`.
    ///
    /// If this process is root, the server runs as an unprivileged user, who must be able to reach `folder`.
    pub fn start(folder: &Path, settings: &[&str]) -> Result<Self> {
        Self::start_in(folder, settings, false)
    }

    /// Starts the server of a new cluster, which is removed when the server stops.
    pub fn temporary(settings: &[&str]) -> Result<Self> {
        Self::start_in(&new_folder(&std::env::temp_dir(), server_user()?), settings, true)
    }

    fn start_in(folder: &Path, settings: &[&str], temporary: bool) -> Result<Self> {
        let data = folder.join("data");
        let programs = programs(&data)?;
        let user = server_user()?;
        prepare_folder(folder, user)?;
        let password = password(folder, user)?;
        if !data.join("PG_VERSION").exists() {
            initialize(&programs, &data, &folder.join("password"), user)?;
        }
        stop_earlier_server(&data)?;
        let port = free_port()?;
        let mut arguments: Vec<OsString> =
            vec!["-D".into(), data.into_os_string(), "-p".into(), port.to_string().into()];
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories="].iter().chain(settings) {
            arguments.extend(["-c".into(), setting.into()]);
        }
        let server = Process::start(Start {
            program: &programs.join("postgres"),
            arguments,
            account: user,
            signal: SIGNAL,
            log: &folder.join("server.log"),
            remove: temporary.then_some(folder),
        })?;
        let mut started = Self { folder: folder.to_owned(), programs, server, port, password };
        started.wait_until_ready().with_context(|| {
            let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
            let reason = log.lines().rfind(|line| line.contains("FATAL")).unwrap_or_else(|| log.trim());
            format!("PostgreSQL does not start: {reason}")
        })?;
        Ok(started)
    }

    /// The URL of a database, with the superuser's credentials.
    pub fn url(&self, database: &str) -> String {
        let database = percent_encoding::utf8_percent_encode(database, percent_encoding::NON_ALPHANUMERIC);
        format!("postgres://{SUPERUSER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The folder of the cluster, its password and its log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns a connection service file of libpq, which `psql service=steward` reads if `PGSERVICEFILE` names it.
    pub fn service(&self, database: &str) -> String {
        format!(
            "[steward]\nhost=127.0.0.1\nport={}\nuser={SUPERUSER}\npassword={}\ndbname={database}\n",
            self.port, self.password
        )
    }

    /// A `psql` connected to a database, which stops at the first error and prints values only.
    pub fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", SUPERUSER])
            .args(["-p", &self.port.to_string()])
            .env("PGDATABASE", database)
            .env("PGPASSWORD", &self.password)
            .env("PGOPTIONS", "-c client_min_messages=warning");
        psql
    }

    /// Runs a script in a database and returns what it prints. Each statement is a transaction of its own.
    pub fn run(&self, database: &str, script: &str) -> Result<String> {
        run_script(&mut self.psql(database), script)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Some(status) = self.server.ended()? {
                bail!("it ended with {status}");
            }
            let listens = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok();
            if listens && self.run("postgres", "SELECT 1").is_ok() {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "no answer within {} s", START_TIMEOUT.as_secs());
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// Returns the folder of the server's programs: of the version that wrote `data`, or of the newest one.
fn programs(data: &Path) -> Result<PathBuf> {
    let mut found = installed();
    found.sort();
    let version = fs::read_to_string(data.join("PG_VERSION")).ok();
    let Some(version) = version.and_then(|text| text.trim().parse::<u32>().ok()) else {
        let newest = found.pop().map(|(_, programs)| programs);
        return newest.context("the programs of a PostgreSQL server are not installed");
    };
    let same = found.into_iter().find(|(installed, _)| *installed == version).map(|(_, programs)| programs);
    same.with_context(|| format!("{} needs PostgreSQL {version}, which is not installed", data.display()))
}

/// Whether the programs of a server are installed.
pub fn is_installed() -> bool {
    !installed().is_empty()
}

/// Returns the installed major versions and the folders of their programs.
fn installed() -> Vec<(u32, PathBuf)> {
    fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists() && programs.join("postgres").exists())
        .collect()
}

/// Stops a server that still runs on `data`, and removes the lock file of one that was killed. The caller must be the
/// only owner of `data`.
pub fn stop_earlier_server(data: &Path) -> Result<()> {
    private_server::stop_earlier_server(&data.join("postmaster.pid"), data.as_os_str(), SIGNAL)
}

/// Returns a path for a new folder in `parent`, or in `/var/tmp` if `user` cannot reach `parent`.
pub fn new_folder(parent: &Path, user: Account) -> PathBuf {
    private_server::new_folder(parent, user, "postgres")
}

/// Returns the user and group that the server runs as. `None` if it runs as this process does.
pub fn server_user() -> Result<Account> {
    account(&USERS)
}

fn initialize(programs: &Path, data: &Path, password: &Path, user: Account) -> Result<()> {
    let mut initdb = as_user(&programs.join("initdb"), user);
    initdb.args([
        "-U",
        SUPERUSER,
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
        "-D",
    ]);
    initdb.arg(data).arg("--pwfile").arg(password);
    succeeded(initdb.output()?).context("initdb")?;
    Ok(())
}
