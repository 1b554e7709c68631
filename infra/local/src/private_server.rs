//! The common part of private database servers: they listen on loopback, require a password, do not run as root, and stop
//! with their owner, however that one ends.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domain::platform::id::Ids;

/// A directory that every user can reach, and whose files survive a restart of the machine.
pub const VAR_TMP: &str = "/var/tmp";
/// The longest wait for a server to answer.
pub const START_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest wait for an earlier server of the same data to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// The user and the group that a server runs as. `None` if it runs as this process does.
pub type Account = Option<(u32, u32)>;

/// Starts the server `"$@"` in this process and leaves a watcher beside it, which is not its child. The watcher's input
/// ends with the owner of the server: then it sends `$SIGNAL` to the server, and removes `$FOLDER` if that is set.
const START: &str = r#"
exec 3<&0
server=$$
( (
    cat <&3 >/dev/null
    kill -$SIGNAL $server 2>/dev/null
    while kill -0 $server 2>/dev/null; do sleep 0.05; done
    test -z "$FOLDER" || rm -rf "$FOLDER"
) & )
exec 3<&-
exec "$@" </dev/null
"#;

/// How a server is started.
#[derive(Debug)]
pub struct Start<'a> {
    /// The server's program.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The user that it runs as.
    pub account: Account,
    /// The signal that stops it in good order.
    pub signal: &'static str,
    /// The file that its output is written to.
    pub log: &'a Path,
    /// The folder that is removed when it stops, if any.
    pub remove: Option<&'a Path>,
}

/// A running server. Dropping it stops the server.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts a server.
    pub fn start(start: Start<'_>) -> Result<Self> {
        let log = File::create(start.log)?;
        let mut server = as_user(Path::new("/bin/sh"), start.account);
        server.args(["-c", START, "sh"]).arg(start.program).args(start.arguments);
        // A group of its own: Ctrl-C in a terminal must not stop the server before its owner.
        server.process_group(0);
        server.env("SIGNAL", start.signal);
        server.env("FOLDER", start.remove.map_or(OsStr::new(""), Path::as_os_str));
        Ok(Self(server.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).spawn()?))
    }

    /// Returns how the server ended. `None` if it runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watcher's input ends.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Stops a server that still runs on `data`, one of its arguments, and removes the file with the process id of one that was
/// killed. The caller must be the only owner of `data`.
///
/// The server of a killed owner may run for a moment, or on, if its watcher was killed, too. The process id in the file may
/// since belong to another process, which PostgreSQL would take for a running server.
pub fn stop_earlier_server(file: &Path, data: &OsStr, signal: &str) -> Result<()> {
    let deadline = Instant::now() + STOP_TIMEOUT;
    while let Ok(text) = fs::read_to_string(file) {
        let id = text.lines().next().unwrap_or_default();
        let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        if !command.split(|byte| *byte == 0).any(|argument| argument == data.as_bytes()) {
            return fs::remove_file(file).or_else(|error| match error.kind() {
                ErrorKind::NotFound => Ok(()),
                _ => Err(error).with_context(|| format!("{} cannot be removed", file.display())),
            });
        }
        ensure!(Instant::now() < deadline, "process {id}, a server of an earlier run, does not stop");
        // It may end in between; then its file is gone.
        Command::new("kill").args([&format!("-{signal}"), id]).stderr(Stdio::null()).status()?;
        std::thread::park_timeout(Duration::from_millis(100));
    }
    Ok(())
}

/// Returns the account that a server runs as: the first of these users if this process is root.
pub fn account(users: &[&str]) -> Result<Account> {
    let id = succeeded(Command::new("id").arg("-u").output()?)?;
    if id.trim() != "0" {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").context("the users of this machine cannot be read")?;
    let find = |name: &str| {
        let fields: Vec<&str> = accounts
            .lines()
            .map(|line| line.split(':'))
            .find_map(|mut line| (line.next() == Some(name)).then(|| line.collect()))?;
        Some((fields.get(1)?.parse().ok()?, fields.get(2)?.parse().ok()?))
    };
    let found = users.iter().find_map(|name| find(name));
    found
        .map(Some)
        .with_context(|| format!("root cannot run the server, and there is no user {}", users.join(" or ")))
}

/// Returns a path for a new folder in `parent`, or in `/var/tmp` if `account` cannot reach `parent`.
pub fn new_folder(parent: &Path, account: Account, product: &str) -> PathBuf {
    let parent = if is_reachable(parent, account) { parent } else { Path::new(VAR_TMP) };
    parent.join(format!("steward-{product}-{}", Ids::random().uuid()))
}

/// Whether `account` may enter `folder`. `None` is the user of this process.
pub fn is_reachable(folder: &Path, account: Account) -> bool {
    let Some((uid, gid)) = account else { return true };
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

/// Creates the folder of a server if it is missing, and gives it to its account alone.
pub fn prepare_folder(folder: &Path, account: Account) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be created", folder.display()))?;
    if let Some((uid, gid)) = account {
        chown(folder, Some(uid), Some(gid))?;
    }
    Ok(fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?)
}

/// Returns the password of a server, which is kept in its folder, readable for its account only.
pub fn password(folder: &Path, account: Account) -> Result<String> {
    let file = folder.join("password");
    if let Ok(password) = fs::read_to_string(&file) {
        return Ok(password);
    }
    let password = Ids::random().secret();
    write_private(&file, &password, account)?;
    Ok(password)
}

/// Writes a file that only a server's account can read.
pub fn write_private(file: &Path, text: &str, account: Account) -> Result<()> {
    fs::write(file, text)?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
    if let Some((uid, gid)) = account {
        chown(file, Some(uid), Some(gid))?;
    }
    Ok(())
}

/// Returns the command that runs a program as this account.
pub fn as_user(program: &Path, account: Account) -> Command {
    let mut command = Command::new(program);
    // The server's own folder may be all that its user can reach.
    command.current_dir("/");
    if let Some((uid, gid)) = account {
        command.uid(uid).gid(gid);
    }
    command
}

/// Runs a client with a script as its input and returns what it prints.
pub fn run_script(client: &mut Command, script: &str) -> Result<String> {
    let mut client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut input = client.stdin.take().context("the client has no input")?;
    // Written beside the reading: a long script and a long answer would otherwise wait for each other.
    let script = script.to_owned();
    let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
    let output = client.wait_with_output()?;
    // An error in the script ends the client before it has read everything.
    let _ = writer.join();
    Ok(succeeded(output)?.trim_end().to_owned())
}

/// Returns what a program printed. Fails with its errors if it failed.
pub fn succeeded(output: Output) -> Result<String> {
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", error.trim());
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns an unused port on loopback.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
