//! A private PostgreSQL server, started from the binaries on this machine: for tests and for the local run.
//!
//! It listens on loopback, requires a password, and stops with its owner, however that one ends.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use domain::platform::id::Ids;

/// Where Debian and Ubuntu install the programs of each major version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Users that a server started by root may run as, the first that exists: PostgreSQL refuses to run as root.
const USERS: [&str; 2] = ["postgres", "nobody"];
/// The longest wait for the server to answer.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest wait for an earlier server of the same cluster to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// The superuser of the cluster.
const SUPERUSER: &str = "steward";

/// A directory that every user can reach, and whose files survive a restart of the machine.
pub const VAR_TMP: &str = "/var/tmp";

/// Settings that make a cluster fast, and lose it when the machine fails. Nothing happens that a test did not ask for.
pub const FOR_TESTS: &[&str] =
    &["fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "max_connections=200"];

/// The tables, keys, row counts and sizes of the well-known sample `world`, for an empty database.
pub const WORLD: &str = include_str!("../samples/world.sql");

/// Starts the server `"$@"` in this process and leaves a watcher beside it, which is not its child. The watcher's input
/// ends with the owner of the server: then it stops the server, and removes `$FOLDER` if that is set.
const START: &str = r#"
exec 3<&0
server=$$
( (
    cat <&3 >/dev/null
    kill -INT $server 2>/dev/null
    while kill -0 $server 2>/dev/null; do sleep 0.05; done
    test -z "$FOLDER" || rm -rf "$FOLDER"
) & )
exec 3<&-
exec "$@" </dev/null
"#;

/// A running server. Dropping it stops the server.
#[derive(Debug)]
pub struct PrivatePostgres {
    folder: PathBuf,
    programs: PathBuf,
    server: Child,
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
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be created", folder.display()))?;
        if let Some((uid, gid)) = user {
            chown(folder, Some(uid), Some(gid))?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let password = password(folder, user)?;
        if !data.join("PG_VERSION").exists() {
            initialize(&programs, &data, &folder.join("password"), user)?;
        }
        stop_earlier_server(&data)?;
        let port = free_port()?;
        let log = File::create(folder.join("server.log"))?;
        let mut server = as_user(Path::new("/bin/sh"), user);
        server.args(["-c", START, "sh"]).arg(programs.join("postgres")).arg("-D").arg(&data);
        server.args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ]);
        for setting in settings {
            server.args(["-c", setting]);
        }
        // A group of its own: Ctrl-C in a terminal must not stop the server before its owner.
        server.process_group(0);
        server.env("FOLDER", if temporary { folder.as_os_str() } else { OsStr::new("") });
        let server = server.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).spawn()?;
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
        let mut psql = self
            .psql(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut input = psql.stdin.take().context("psql has no input")?;
        // Written beside the reading: a long script and a long answer would otherwise wait for each other.
        let script = script.to_owned();
        let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
        let output = psql.wait_with_output()?;
        // An error in the script ends psql before it has read everything.
        let _ = writer.join();
        Ok(succeeded(output)?.trim_end().to_owned())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Some(status) = self.server.try_wait()? {
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

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        // The watcher's input ends.
        drop(self.server.stdin.take());
        let _ = self.server.wait();
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
///
/// The server of a killed owner may run for a moment, or on, if its watcher was killed, too. The process id in the lock
/// file may since belong to another process, which PostgreSQL would take for a running server.
pub fn stop_earlier_server(data: &Path) -> Result<()> {
    let lock = data.join("postmaster.pid");
    let deadline = Instant::now() + STOP_TIMEOUT;
    while let Ok(text) = fs::read_to_string(&lock) {
        let id = text.lines().next().unwrap_or_default();
        let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        if !command.split(|byte| *byte == 0).any(|argument| argument == data.as_os_str().as_bytes()) {
            return fs::remove_file(&lock).or_else(|error| match error.kind() {
                ErrorKind::NotFound => Ok(()),
                _ => Err(error).with_context(|| format!("{} cannot be removed", lock.display())),
            });
        }
        ensure!(Instant::now() < deadline, "process {id}, a server of an earlier run, does not stop");
        // It may end in between; then its lock file is gone.
        Command::new("kill").args(["-INT", id]).stderr(Stdio::null()).status()?;
        std::thread::park_timeout(Duration::from_millis(100));
    }
    Ok(())
}

/// Returns a path for a new folder in `parent`, or in `/var/tmp` if `user` cannot reach `parent`.
pub fn new_folder(parent: &Path, user: Option<(u32, u32)>) -> PathBuf {
    let parent = if is_reachable(parent, user) { parent } else { Path::new(VAR_TMP) };
    parent.join(format!("steward-postgres-{}", Ids::random().uuid()))
}

/// Whether `user` may enter `folder`. `None` is the user of this process.
pub fn is_reachable(folder: &Path, user: Option<(u32, u32)>) -> bool {
    let Some((uid, gid)) = user else { return true };
    folder.ancestors().all(|folder| {
        fs::metadata(folder).is_ok_and(|entry| {
            let place = if entry.uid() == uid {
                0o100
            } else if entry.gid() == gid {
                0o010
            } else {
                0o001
            };
            entry.mode() & place != 0
        })
    })
}

/// Returns the user and group that the server runs as. `None` if it runs as this process does.
pub fn server_user() -> Result<Option<(u32, u32)>> {
    let id = succeeded(Command::new("id").arg("-u").output()?)?;
    if id.trim() != "0" {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").context("the users of this machine cannot be read")?;
    let find = |name: &str| {
        let fields: Vec<&str> = users
            .lines()
            .map(|line| line.split(':'))
            .find_map(|mut line| (line.next() == Some(name)).then(|| line.collect()))?;
        Some((fields.get(1)?.parse().ok()?, fields.get(2)?.parse().ok()?))
    };
    let found = USERS.iter().find_map(|name| find(name));
    found.map(Some).context("root cannot run PostgreSQL, and there is no user postgres or nobody")
}

fn as_user(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    // The server's own folder may be all that its user can reach.
    command.current_dir("/");
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// The password of the cluster, kept in its folder, readable for the server's user only.
fn password(folder: &Path, user: Option<(u32, u32)>) -> Result<String> {
    let file = folder.join("password");
    if let Ok(password) = fs::read_to_string(&file) {
        return Ok(password);
    }
    let password = Ids::random().secret();
    fs::write(&file, &password)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    if let Some((uid, gid)) = user {
        chown(&file, Some(uid), Some(gid))?;
    }
    Ok(password)
}

fn initialize(programs: &Path, data: &Path, password: &Path, user: Option<(u32, u32)>) -> Result<()> {
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

fn succeeded(output: Output) -> Result<String> {
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", error.trim());
    Ok(String::from_utf8(output.stdout)?)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
