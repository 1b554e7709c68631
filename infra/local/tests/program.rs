//! The program as it is started from a shell.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

const STEWARD: &str = env!("CARGO_BIN_EXE_steward");

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn steward(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(STEWARD);
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).env("RUST_LOG", "warn");
    command
}

/// A program that is up; it is killed when it is dropped.
struct Running {
    process: Child,
    _said: BufReader<ChildStdout>,
    address: String,
}

impl Running {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = steward(folder, &["up", "--listen", "127.0.0.1:0", "--tick", "1h"]);
        let mut process = command.args(arguments).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut said = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut address = None;
        let mut line = String::new();
        while !line.contains("Ctrl-C") {
            line.clear();
            assert_ne!(said.read_line(&mut line).expect("it says something"), 0, "it ended early");
            if let Some(found) = line.trim().strip_prefix("API") {
                address = found.trim().strip_prefix("http://").map(str::to_owned);
            }
        }
        Self { process, _said: said, address: address.expect("it says its address") }
    }

    /// The status and the body of the answer.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("it is HTTP");
        (head[9..12].parse().expect("a status"), body.to_owned())
    }

    fn signal(&mut self, name: &str) -> ExitStatus {
        let sent = Command::new("kill").args([name, &self.process.id().to_string()]).status();
        assert!(sent.expect("it is sent").success());
        self.process.wait().expect("it ends")
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

/// Asks until the count of updates is as expected: the workers run beside.
fn wait_for_updates(running: &Running, expected: usize) {
    let expected = format!("\"count\":{expected}");
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let (_, body) = running.ask("GET", "/db/stats/events?event=compute.instance.update", "");
        if body.contains(&expected) {
            return;
        }
        assert!(Instant::now() < deadline, "{body}");
        std::thread::park_timeout(Duration::from_millis(50)); // the machine is the workers' meanwhile
    }
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = steward(folder, arguments).output().expect("it starts");
    let said = String::from_utf8(stderr).expect("text");
    assert!(!status.success() && stdout.is_empty(), "{arguments:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn what_cannot_be_started_is_said_in_one_line() {
    let folder = folder();
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let busy = busy.local_addr().expect("it is bound").to_string();
    let cases: [(&[&str], &str); 7] = [
        (&["up", "--listen", "0.0.0.0:8000", "--auth", "none"], "0.0.0.0:8000 is not a loopback address"),
        (&["up", "--listen", &busy, "--memory"], "Address already in use"),
        (&["up", "--tick", "soon"], "invalid value 'soon' for '--tick <TIME>'"),
        (&["up", "--log", "xml"], "expected json or text"),
        (&["up", "--wrong"], "unexpected argument '--wrong'"),
        (&["up", "--memory", "--data", "x"], "cannot be used with"),
        (&["up", "--listen", "127.0.0.1:0", "--data", "/dev/null/x"], "/dev/null/x cannot be used"),
    ];
    for (arguments, said) in cases {
        let refused = refused(folder.path(), arguments);
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn a_data_folder_that_cannot_be_used_is_said_in_one_line() {
    let folder = folder();
    let listen = ["up", "--listen", "127.0.0.1:0"];
    let mut first = Running::start(folder.path(), &[]);
    assert!(refused(folder.path(), &listen).contains(".steward is in use by another steward"));
    assert!(first.signal("-INT").success());

    fs::write(folder.path().join(".steward/format"), "9\n").expect("it is written");
    assert!(refused(folder.path(), &listen).contains(".steward has format 9"));
    fs::write(folder.path().join(".steward/format"), "1\n").expect("it is written");
    fs::write(folder.path().join(".steward/dynamodb.sqlite"), "no database").expect("it is written");
    assert!(refused(folder.path(), &listen).contains("dynamodb.sqlite is damaged"));
}

#[test]
fn what_was_accepted_survives_a_kill_and_is_recorded_once() {
    let folder = folder();
    let mut first = Running::start(folder.path(), &[]);
    assert_eq!(first.ask("POST", "/notifications", &notifications(200)).0, 202);
    assert!(!first.signal("-KILL").success());

    let mut second = Running::start(folder.path(), &[]);
    wait_for_updates(&second, 200);
    assert!(second.signal("-TERM").success());
}

#[test]
fn the_samples_are_loaded_into_an_empty_store_only() {
    let folder = folder();
    for _ in 0..2 {
        let mut running = Running::start(folder.path(), &["--samples"]);
        wait_for_updates(&running, 2);
        assert!(running.signal("-TERM").success());
    }
}

/// Days of instances, each with an update and the record that completes it, one a minute.
fn days(count: usize) -> String {
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

/// What a replay says came of it, without how long it took.
fn replayed(folder: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } =
        steward(folder, &["replay", "days.json"]).args(arguments).output().expect("it runs");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let said = String::from_utf8(stdout).expect("it says texts");
    said.lines().filter(|line| !line.contains("a second")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_replay_that_was_killed_goes_on_and_comes_to_the_same() {
    let folder = folder();
    fs::write(folder.path().join("days.json"), days(40)).expect("it is written");
    let begun = Instant::now();
    let calm = replayed(folder.path(), &["--memory"]);
    let seconds = begun.elapsed().as_secs_f64();
    assert!(calm.contains("compute.instance.exists.verified") && calm.contains("streams fired"), "{calm}");

    for part in [0.6, 0.7, 0.8, 0.9] {
        let killed = Command::new("timeout")
            .args(["--signal=KILL", &format!("{:.3}", seconds * part), STEWARD])
            .args(["replay", "days.json", "--data", "killed"])
            .current_dir(folder.path())
            .output()
            .expect("it runs, until it is killed or at its end");
        assert!(!String::from_utf8_lossy(&killed.stderr).contains("were not recorded"), "{killed:?}");
    }
    assert_eq!(replayed(folder.path(), &["--data", "killed"]), calm);
}
