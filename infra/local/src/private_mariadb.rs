//! A private MariaDB server, started from the programs on this machine: for tests and for the local run.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::private_server::{
    self, Account, Process, START_TIMEOUT, Start, account, as_user, free_port, password, prepare_folder,
    run_script, succeeded, write_private,
};

/// Folders in which packages install the programs.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
/// Users that a server started by root may run as, the first that exists.
const USERS: [&str; 2] = ["mysql", "nobody"];
/// The signal that stops the server in good order.
const SIGNAL: &str = "TERM";
/// The only user that can log in.
const SUPERUSER: &str = "steward";
/// The file in the folder of a server that tells that its system tables are complete.
const INSTALLED: &str = "installed";
/// The file in the folder of a server that the general log is written to.
const QUERIES: &str = "queries.log";

/// Settings of every server: those of Debian's package that matter here, and a small log, which is written in full when the
/// system tables are created.
const ALWAYS: &[&str] = &[
    "character-set-server=utf8mb4",
    "collation-server=utf8mb4_general_ci",
    "innodb-log-file-size=16M",
    "innodb-buffer-pool-size=64M",
    "performance-schema=OFF",
];

/// Settings that make a server fast, and lose its data when the machine fails.
pub const FOR_TESTS: &[&str] = &[
    "innodb-flush-log-at-trx-commit=0",
    "innodb-flush-method=nosync",
    "innodb-doublewrite=OFF",
    "max-connections=200",
];

/// A running server. Dropping it stops the server.
#[derive(Debug)]
pub struct PrivateMariadb {
    folder: PathBuf,
    client: PathBuf,
    server: Process,
    port: u16,
    password: String,
}

impl PrivateMariadb {
    /// Starts the server whose data is in `folder`, which is created if it is missing, and stays. `settings` are
    /// `name=value`, such as `general-log=ON`.
    ///
    /// If this process is root, the server runs as an unprivileged user, who must be able to reach `folder`.
    pub fn start(folder: &Path, settings: &[&str]) -> Result<Self> {
        Self::start_in(folder, settings, false)
    }

    /// Starts a new server, whose data is removed when it stops.
    pub fn temporary(settings: &[&str]) -> Result<Self> {
        Self::start_in(&new_folder(&std::env::temp_dir(), server_user()?), settings, true)
    }

    fn start_in(folder: &Path, settings: &[&str], temporary: bool) -> Result<Self> {
        let user = server_user()?;
        let (program, client) = (program("mariadbd")?, program("mariadb")?);
        prepare_folder(folder, user)?;
        let password = password(folder, user)?;
        stop_earlier_server(folder)?;
        install(folder, user)?;
        let users = folder.join("users.sql");
        write_private(&users, &only_user(&password), user)?;
        let port = free_port()?;
        let mut arguments: Vec<OsString> = vec!["--no-defaults".into(), data_argument(folder)];
        for (name, file) in [
            ("pid-file", pid_file(folder)),
            ("socket", folder.join("socket")),
            ("init-file", users),
            ("general-log-file", folder.join(QUERIES)),
            // A server that starts deletes the temporary tables of others in the same folder.
            ("tmpdir", folder.to_owned()),
        ] {
            arguments.push(argument(name, file.as_os_str()));
        }
        arguments.push(format!("--port={port}").into());
        arguments.extend(["--bind-address=127.0.0.1", "--skip-name-resolve"].map(OsString::from));
        arguments.extend(ALWAYS.iter().chain(settings).map(|setting| format!("--{setting}").into()));
        let server = Process::start(Start {
            program: &program,
            arguments,
            account: user,
            signal: SIGNAL,
            log: &folder.join("server.log"),
            remove: temporary.then_some(folder),
        })?;
        let mut started = Self { folder: folder.to_owned(), client, server, port, password };
        started.wait_until_ready().with_context(|| {
            let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
            let reason = log.lines().rfind(|line| line.contains("[ERROR]")).unwrap_or_else(|| log.trim());
            format!("MariaDB does not start: {reason}")
        })?;
        Ok(started)
    }

    /// The URL of the server, with the superuser's credentials.
    pub fn url(&self) -> String {
        format!("mysql://{SUPERUSER}:{}@127.0.0.1:{}", self.password, self.port)
    }

    /// The folder of the server's data, its password and its logs.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns an option file with which `mariadb --defaults-file=…` connects.
    pub fn option_file(&self) -> String {
        format!(
            "[client]\nhost=127.0.0.1\nport={}\nuser={SUPERUSER}\npassword={}\n",
            self.port, self.password
        )
    }

    /// Runs a script and returns what it prints: values only, with tabs between columns. It ends at the first error.
    pub fn run(&self, script: &str) -> Result<String> {
        let mut client = Command::new(&self.client);
        client
            .args([
                "--no-defaults",
                "--batch",
                "--comments",
                "--raw",
                "--skip-column-names",
                "--protocol=TCP",
                "--skip-ssl",
            ])
            .args(["--default-character-set=utf8mb4", "--host=127.0.0.1", "--user", SUPERUSER])
            .arg(format!("--port={}", self.port))
            .env("MYSQL_PWD", &self.password);
        run_script(&mut client, script)
    }

    /// Returns the general log. Empty unless the setting `general-log=ON` was given.
    pub fn queries(&self) -> Result<String> {
        let log = self.folder.join(QUERIES);
        if log.exists() { Ok(fs::read_to_string(log)?) } else { Ok(String::new()) }
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Some(status) = self.server.ended()? {
                bail!("it ended with {status}");
            }
            let listens = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok();
            if listens && self.run("SELECT 1").is_ok() {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "no answer within {} s", START_TIMEOUT.as_secs());
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// Whether the programs of a server are installed.
pub fn is_installed() -> bool {
    ["mariadbd", "mariadb", "mariadb-install-db"].iter().all(|name| program(name).is_ok())
}

/// Stops a server that still runs on the data in `folder`. The caller must be the only owner of the folder.
pub fn stop_earlier_server(folder: &Path) -> Result<()> {
    private_server::stop_earlier_server(&pid_file(folder), &data_argument(folder), SIGNAL)
}

/// Returns a path for a new folder in `parent`, or in `/var/tmp` if `user` cannot reach `parent`.
pub fn new_folder(parent: &Path, user: Account) -> PathBuf {
    private_server::new_folder(parent, user, "mariadb")
}

/// Returns the user and group that the server runs as. `None` if it runs as this process does.
pub fn server_user() -> Result<Account> {
    account(&USERS)
}

fn program(name: &str) -> Result<PathBuf> {
    let found = FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|program| program.exists());
    found.with_context(|| format!("{name} is not installed"))
}

fn pid_file(folder: &Path) -> PathBuf {
    folder.join("server.pid")
}

fn data_argument(folder: &Path) -> OsString {
    argument("datadir", folder.join("data").as_os_str())
}

fn argument(name: &str, value: &OsStr) -> OsString {
    let mut argument = OsString::from(format!("--{name}="));
    argument.push(value);
    argument
}

/// Creates the system tables, unless they are complete.
fn install(folder: &Path, user: Account) -> Result<()> {
    let installed = folder.join(INSTALLED);
    if installed.exists() {
        return Ok(());
    }
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    let mut install = as_user(&program("mariadb-install-db")?, user);
    install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    install.arg(argument("tmpdir", folder.as_os_str()));
    install.arg(data_argument(folder)).args(ALWAYS.iter().map(|setting| format!("--{setting}")));
    succeeded(install.output()?).context("mariadb-install-db")?;
    write_private(&installed, "", user)
}

/// Returns the statements that leave one user, who connects with a password. The server runs them before it listens.
fn only_user(password: &str) -> String {
    format!(
        "CREATE OR REPLACE USER '{SUPERUSER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n\
         GRANT ALL ON *.* TO '{SUPERUSER}'@'127.0.0.1' WITH GRANT OPTION;\n\
         DELETE FROM mysql.global_priv WHERE User NOT IN ('{SUPERUSER}', 'mariadb.sys');\n\
         FLUSH PRIVILEGES;\n"
    )
}
