//! A private PostgreSQL server, started from the binaries on this machine: for tests and for the local run.
//!
//! It listens on loopback, requires a password, and stops with its owner, however that one ends.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
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
/// The superuser of the cluster.
const SUPERUSER: &str = "steward";

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
        let folder = std::env::temp_dir().join(format!("steward-postgres-{}", Ids::random().uuid()));
        Self::start_in(&folder, settings, true)
    }

    fn start_in(folder: &Path, settings: &[&str], temporary: bool) -> Result<Self> {
        let programs = programs()?;
        let user = server_user()?;
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be created", folder.display()))?;
        if let Some((uid, gid)) = user {
            chown(folder, Some(uid), Some(gid))?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let password = password(folder, user)?;
        let data = folder.join("data");
        if !data.join("PG_VERSION").exists() {
            initialize(&programs, &data, &folder.join("password"), user)?;
        }
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
        server.env("FOLDER", if temporary { folder.as_os_str() } else { OsStr::new("") });
        let server = server.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut started = Self { programs, server, port, password };
        started.wait_until_ready().with_context(|| {
            let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
            format!("PostgreSQL does not start: {log}")
        })?;
        Ok(started)
    }

    /// The URL of a database, with the superuser's credentials.
    pub fn url(&self, database: &str) -> String {
        let database = percent_encoding::utf8_percent_encode(database, percent_encoding::NON_ALPHANUMERIC);
        format!("postgres://{SUPERUSER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
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

/// The folder of the newest server's programs.
fn programs() -> Result<PathBuf> {
    let installed = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = installed
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists() && programs.join("postgres").exists())
        .collect();
    found.sort();
    let newest = found.pop().map(|(_, programs)| programs);
    newest.with_context(|| {
        format!(
            "no PostgreSQL in {DEBIAN}: install it with `apt-get install --no-install-recommends postgresql`"
        )
    })
}

/// The user and group that the server runs as. `None` if it runs as this process does.
fn server_user() -> Result<Option<(u32, u32)>> {
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() != 0) {
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
