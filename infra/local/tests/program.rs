//! The program as it is run from a shell.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const STEWARD: &str = env!("CARGO_BIN_EXE_steward");
/// Limit for everything that a test waits for.
const TIMEOUT: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Updates of instances among the samples.
const SAMPLE_UPDATES: usize = 2;

fn temporary_directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn steward(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(STEWARD);
    command.current_dir(directory).args(arguments).stdin(Stdio::null()).env("RUST_LOG", "warn");
    command
}

/// Runs the program to its end, and kills it after `limit`.
fn run(directory: &Path, arguments: &[&str], limit: Duration) -> Output {
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", &format!("{:.3}", limit.as_secs_f64()), STEWARD]).args(arguments);
    command.current_dir(directory).stdin(Stdio::null()).env("RUST_LOG", "warn");
    command.output().expect("the program runs")
}

/// Polls `condition` until it is met.
fn wait_until(description: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !condition() {
        assert!(Instant::now() < deadline, "timed out waiting for {description}");
        thread::park_timeout(POLL_INTERVAL);
    }
}

/// A running `steward up`, which is killed on drop.
struct Running {
    process: Child,
    address: String,
}

impl Running {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = steward(directory, &["up", "--listen", "127.0.0.1:0", "--tick", "1h"]);
        let mut process = command.args(arguments).stdout(Stdio::piped()).spawn().expect("the program starts");
        let stdout = BufReader::new(process.stdout.take().expect("standard output is piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        // Killed on drop if it does not print its address in time.
        let mut running = Self { process, address: String::new() };
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = lines.recv_timeout(left).expect("the program prints its address");
            if let Some(url) = line.trim().strip_prefix("API  ") {
                running.address.push_str(url.trim().trim_start_matches("http://"));
            }
            if line.contains("Ctrl-C") {
                assert!(!running.address.is_empty(), "the address is printed");
                return running;
            }
        }
    }

    /// Sends a request, and returns the status and the body of the response.
    fn request(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("the program listens");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a positive timeout");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).expect("the request is sent");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("the response is received");
        let (head, body) = response.split_once("\r\n\r\n").expect("an HTTP response");
        (head[9..12].parse().expect("an HTTP status"), body.to_owned())
    }

    /// Sends a signal, and waits until the program has ended.
    fn signal(&mut self, name: &str) -> ExitStatus {
        let sent = Command::new("kill").args([name, &self.process.id().to_string()]).status();
        assert!(sent.expect("the signal is sent").success());
        let mut status = None;
        wait_until("the program to end", || {
            status = self.process.try_wait().expect("a child process");
            status.is_some()
        });
        status.expect("the program has ended")
    }

    /// Waits until the workers have recorded this number of updates.
    fn wait_for_updates(&self, count: usize) {
        let expected = format!("\"count\":{count}");
        wait_until(&expected, || {
            let path = "/db/stats/events?event=compute.instance.update";
            self.request("GET", path, "").1.contains(&expected)
        });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn notifications(count: usize) -> String {
    let one = |n| {
        format!(
            r#"{{"message_id":"m{n}","publisher_id":"cell1","event_type":"compute.instance.update","timestamp":"2026-01-05 00:00:00","payload":{{}}}}"#
        )
    };
    format!("[{}]", (0..count).map(one).collect::<Vec<_>>().join(","))
}

/// Runs a command that fails, and returns the line that it prints to standard error.
fn error(directory: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = run(directory, arguments, TIMEOUT);
    let error = String::from_utf8(stderr).expect("valid UTF-8");
    assert!(!status.success() && stdout.is_empty(), "{arguments:?}: {error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn invalid_arguments_are_reported_in_one_line() {
    let directory = temporary_directory();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let in_use = listener.local_addr().expect("the listener is bound").to_string();
    let cases: [(&[&str], &str); 9] = [
        (
            &["up", "--memory", "--postgres", "mysql://u:p@x"],
            "the URL of server \"default\": expected postgres://",
        ),
        (
            &["up", "--memory", "--scratch-mariadb", "mysql://u:p@x/y"],
            "MARIADB_SCRATCH_URL: the URL names a database",
        ),
        (&["up", "--listen", "0.0.0.0:8000", "--auth", "none"], "0.0.0.0:8000 is not a loopback address"),
        (&["up", "--listen", &in_use, "--memory"], "Address already in use"),
        (&["up", "--tick", "soon"], "invalid value 'soon' for '--tick <DURATION>'"),
        (&["up", "--log", "xml"], "invalid value 'xml' for '--log <FORMAT>'"),
        (&["up", "--wrong"], "unexpected argument '--wrong'"),
        (&["up", "--memory", "--data", "x"], "cannot be used with"),
        (&["up", "--listen", "127.0.0.1:0", "--data", "/dev/null/x"], "/dev/null/x cannot be used"),
    ];
    for (arguments, expected) in cases {
        let error = error(directory.path(), arguments);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn an_unusable_data_directory_is_reported_in_one_line() {
    let directory = temporary_directory();
    let listen = ["up", "--listen", "127.0.0.1:0"];
    let mut first = Running::start(directory.path(), &[]);
    assert!(error(directory.path(), &listen).contains(".steward is in use by another steward"));
    assert!(first.signal("-INT").success());

    fs::write(directory.path().join(".steward/format"), "9\n").expect("the file is written");
    assert!(error(directory.path(), &listen).contains(".steward has format 9"));
    fs::write(directory.path().join(".steward/format"), "1\n").expect("the file is written");
    fs::write(directory.path().join(".steward/dynamodb.sqlite"), "no database").expect("the file is written");
    assert!(error(directory.path(), &listen).contains("dynamodb.sqlite is damaged"));
}

#[test]
fn accepted_notifications_survive_a_kill_and_are_recorded_once() {
    const COUNT: usize = 200;
    let directory = temporary_directory();
    let mut first = Running::start(directory.path(), &[]);
    assert_eq!(first.request("POST", "/notifications", &notifications(COUNT)).0, 202);
    assert!(!first.signal("-KILL").success());

    let mut second = Running::start(directory.path(), &[]);
    second.wait_for_updates(COUNT);
    assert!(second.signal("-TERM").success());
}

#[test]
fn sample_servers_keep_their_tables_when_the_program_is_killed() {
    let directory = temporary_directory();
    // PostgreSQL never runs as root: its user must reach the directory.
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("the mode is changed");
    let relid = |running: &Running| {
        let path = "/maintenance/postgres/schema/public/table/city?key=shared_key_value";
        let (status, body) = running.request("GET", path, "");
        assert_eq!(status, 200, "{body}");
        let (_, relid) = body.split_once("\"relid\":\"").expect("the table has an id");
        relid.split('"').next().expect("split yields a part").to_owned()
    };
    let mut first = Running::start(directory.path(), &["--samples"]);
    let created = relid(&first);
    assert!(!first.signal("-KILL").success());

    let mut second = Running::start(directory.path(), &["--samples"]);
    assert_eq!(relid(&second), created);
    assert!(directory.path().join(".steward/mariadb/loaded").exists(), "the sample was complete");
    assert!(second.signal("-TERM").success());
    for file in ["postgres/data/postmaster.pid", "mariadb/server.pid", "mariadb-scratch/server.pid"] {
        assert!(!directory.path().join(".steward").join(file).exists(), "the server of {file} stops");
    }
}

#[test]
fn samples_are_loaded_only_into_an_empty_store() {
    let directory = temporary_directory();
    for _ in 0..2 {
        let unreachable = "postgres://u:p@127.0.0.1:1/postgres";
        let no_mariadb = "mysql://u:p@127.0.0.1:1";
        let arguments = ["--samples", "--postgres", unreachable, "--mariadb", no_mariadb];
        let mut running = Running::start(directory.path(), &arguments);
        running.wait_for_updates(SAMPLE_UPDATES);
        assert!(running.signal("-TERM").success());
    }
}

/// The notifications of a day of `count` instances: for each an update, and later the record of usage that completes its
/// stream, one per minute.
fn history(count: usize) -> String {
    let line = |kind: &str, n: usize, at: String, payload: &str| {
        let number = 2 * n + usize::from(kind == "exists");
        format!(
            r#"{{"message_id": "00000000-0000-4000-8000-{number:012}", "event_type": "compute.instance.{kind}",
                "publisher_id": "cell1", "timestamp": "{at}", "payload": {{"instance_id": "i-{n}", "state": "active"{payload}}}}}"#
        )
    };
    let record = r#", "launched_at": "2035-01-01 00:00:00", "audit_period_beginning": "2035-01-05 00:00:00",
        "audit_period_ending": "2035-01-06 00:00:00""#;
    let updates = (0..count).map(|n| line("update", n, format!("2035-01-05 01:{n:02}:00"), ""));
    let records = (0..count).map(|n| line("exists", n, format!("2035-01-06 01:{n:02}:00"), record));
    format!("[{}]", updates.chain(records).collect::<Vec<_>>().join(","))
}

/// Replays `history.json` to its end, and returns the report without its speed.
fn replay(directory: &Path, storage: &[&str]) -> String {
    let arguments = [&["replay", "history.json"], storage].concat();
    let Output { status, stdout, stderr } = run(directory, &arguments, TIMEOUT);
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let report = String::from_utf8(stdout).expect("valid UTF-8");
    report.lines().filter(|line| !line.contains("per second")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_killed_replay_resumes_and_gives_the_same_report() {
    let directory = temporary_directory();
    fs::write(directory.path().join("history.json"), history(40)).expect("the file is written");
    let started = Instant::now();
    let uninterrupted = replay(directory.path(), &["--memory"]);
    let duration = started.elapsed();
    let fired =
        ["compute.instance.exists.verified", "streams fired"].iter().all(|row| uninterrupted.contains(row));
    assert!(fired, "{uninterrupted}");

    for part in [0.6, 0.7, 0.8, 0.9] {
        let arguments = ["replay", "history.json", "--data", "killed"];
        let killed = run(directory.path(), &arguments, duration.mul_f64(part));
        assert!(!String::from_utf8_lossy(&killed.stderr).contains("failed 3 times"), "{killed:?}");
    }
    assert_eq!(replay(directory.path(), &["--data", "killed"]), uninterrupted);
}
