#!/usr/bin/env python3
"""Kills `steward up` with SIGKILL while it applies changesets to MariaDB, and compares the final state of every task with
what is in the database and in the server's general log.

    python3 tests/corpus/kill_applies.py target/local/steward --kills 100

Each round restores a schema, applies a changeset to it as to a new server, kills the program once or twice, and waits for
the end of the task. Definitions of a large table alternate with changes of rows, each of which leaves a trace that shows
how often it was executed. A task in error is settled as a person would do it: the script looks up whether the statement
was executed, and repairs or resumes the task. Reported are statements that were executed twice, tasks whose state does
not fit the database, and tasks in error that do not say what to do.
"""
import argparse
import collections
import glob
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROWS = 150_000
# Statements to apply, those to revert, and the trace of each statement to apply: a query that counts its executions.
# `big` starts with n = 0, and `log` is empty.
ROW = "SELECT count(*) FROM log WHERE number = {}"
COLUMN = ("SELECT count(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{}' "
          "AND COLUMN_NAME = '{}'")
INDEX = ("SELECT count(DISTINCT INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() "
         "AND INDEX_NAME = '{}'")
CHANGESETS = [
    [(["insert into log values (1)"], [], [ROW.format(1)]),
     (["alter table big add a int not null default 1, algorithm=copy"], ["alter table big drop a"], [COLUMN.format("big", "a")]),
     (["update big set n = n + 1 where id > 0"], [], ["SELECT max(n) FROM big"]),
     (["alter table big add index body_a (body)", "insert into log values (2)"], ["alter table big drop index body_a"],
      [INDEX.format("body_a"), ROW.format(2)])],
    [(["create table fresh (id int primary key) engine=InnoDB", "insert into fresh values (1)", "insert into log values (1)"],
      ["drop table fresh"], ["SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'fresh'",
                             "SELECT count(*) FROM fresh", ROW.format(1)]),
     (["alter table big modify body varchar(90), algorithm=copy"], ["alter table big modify body varchar(80), algorithm=copy"],
      ["SELECT count(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_TYPE = 'varchar(90)'"]),
     (["insert into log select 2 from big limit 1"], [], [ROW.format(2)])],
    [(["alter table big engine=InnoDB, comment='copied', algorithm=copy"], ["alter table big comment=''"],
      ["SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_COMMENT = 'copied'"]),
     (["alter table big add b int, algorithm=copy"], ["alter table big drop b"], [COLUMN.format("big", "b")]),
     (["alter table big add c int, algorithm=copy"], ["alter table big drop c"], [COLUMN.format("big", "c")])],
]
SETTINGS = ["character-set-server=utf8mb4", "collation-server=utf8mb4_general_ci", "innodb-flush-log-at-trx-commit=0",
            "innodb-flush-method=nosync", "innodb-doublewrite=OFF", "bind-address=127.0.0.1", "skip-grant-tables",
            "innodb-log-file-size=64M", "innodb-buffer-pool-size=256M", "performance-schema=OFF"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A MariaDB server with a log of every statement."""

    def __init__(self, folder, is_logged):
        os.mkdir(folder)
        self.port, self.log = free_port(), f"{folder}/queries.log"
        user = []
        if os.getuid() == 0:
            name = next(user.pw_name for user in pwd.getpwall() if user.pw_name in ("mysql", "nobody"))
            shutil.chown(folder, name)
            user = [f"--user={name}"]
        install = ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", f"--datadir={folder}/data", "--skip-test-db", *user]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        files = [f"--datadir={folder}/data", f"--socket={folder}/socket", f"--pid-file={folder}/pid", f"--general-log-file={self.log}"]
        settings = [f"--{setting}" for setting in [*SETTINGS, f"port={self.port}", f"general-log={'ON' if is_logged else 'OFF'}"]]
        self.process = subprocess.Popen(["mariadbd", "--no-defaults", *user, *files, *settings], stderr=open(f"{folder}/err", "wb"))
        self.client = ["mariadb", "--no-defaults", "--batch", "--raw", "--skip-column-names", f"--socket={folder}/socket", "-uroot"]
        while subprocess.run(self.client, input="", text=True, capture_output=True).returncode:
            time.sleep(0.1)

    @property
    def url(self):
        return f"mysql://root:unused@127.0.0.1:{self.port}"

    def sql(self, script, schema=None):
        command = [*self.client, *([schema] if schema else [])]
        done = subprocess.run(command, input=script, text=True, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"{script[:200]}: {done.stderr}")
        return done.stdout.strip()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Program(threading.Thread):
    """A program that is killed again and again, with a schema of its own."""

    def __init__(self, number, target, scratch, folder, options):
        super().__init__()
        self.target, self.scratch, self.options, self.folder = target, scratch, options, folder
        self.rng = random.Random(options.seed * 1000 + number)
        self.schema, self.port = f"work{number}", free_port()
        self.tasks, self.kills, self.problem, self.servers, self.process = [], 0, None, 0, None
        os.mkdir(folder)

    def start_program(self):
        command = [self.options.steward, "up", "--listen", f"127.0.0.1:{self.port}", "--data", f"{self.folder}/data", "--tick", "1s"]
        environment = {**os.environ, "MARIADB_URL": self.target.url, "MARIADB_SCRATCH_URL": self.scratch.url, "RUST_LOG": "warn",
                       "CHANGESET_LEASE_SECONDS": "6", "SCHEMA_CHECK_HOURS": "0"}
        log = open(f"{self.folder}/log", "ab")
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)

    def kill_program(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def call(self, method, path, body=None):
        """Sends a request until the program answers it."""
        while True:
            try:
                key = open(glob.glob(f"{self.folder}/data/*key*")[0]).read().strip()
                data = None if body is None else json.dumps(body).encode()
                headers = {"x-api-key": key, "content-type": "application/json"}
                url = f"http://127.0.0.1:{self.port}/api/v1/{path}"
                reply = urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=20)
                text = reply.read()
                return json.loads(text) if text else reply.headers.get("Location")
            except urllib.error.HTTPError as error:
                text = error.read()
                if error.code >= 500:
                    time.sleep(0.2)
                    continue
                raise RuntimeError(f"{method} {path}: {error.code} {text}") from error
            except (OSError, IndexError):
                time.sleep(0.1)

    def run(self):
        try:
            self.restore()
            self.start_program()
            changesets = self.changesets()
            while self.kills < self.options.kills_each:
                self.round(*self.rng.choice(changesets))
        except Exception as problem:  # reported by the main thread
            self.problem = problem
        finally:
            if self.process:
                self.process.kill()
                self.process.wait()

    def restore(self):
        self.target.sql(f"""
            DROP DATABASE IF EXISTS {self.schema}; CREATE DATABASE {self.schema}; USE {self.schema};
            CREATE TABLE log (number int) ENGINE=InnoDB;
            CREATE TABLE big (id int PRIMARY KEY, body varchar(80), n int) ENGINE=InnoDB;
            INSERT INTO big SELECT seq, md5(seq), 0 FROM seq_1_to_{ROWS};""")

    def new_server(self):
        self.servers += 1
        body = {"name": f"server{self.servers}", "hostname": "127.0.0.1", "port": self.target.port}
        return int(self.call("POST", "server/", body).rstrip("/").split("/")[-1])

    def changesets(self):
        """Submits, reviews and approves the changesets."""
        server = self.new_server()
        version = self.call("POST", "schema_version/save_schema_dump/", {"server_id": server, "database_schema_name": self.schema})
        schema = int(version["database_schema"].rstrip("/").split("/")[-1])
        approved = []
        for details in CHANGESETS:
            texts = [{"description": "", "apply_sql": "; ".join(apply), "revert_sql": "; ".join(revert)} for apply, revert, _ in details]
            body = {"changeset": {"database_schema_id": schema, "type": "DDL:Table:Alter", "classification": "impacting"},
                    "changeset_details": texts}
            changeset = self.call("POST", "changeset/submit/", body)
            while changeset["review_status"] == "needs":
                time.sleep(0.3)
                changeset = self.call("GET", f"changeset/{changeset['id']}/")
            if changeset["review_status"] != "in_progress":
                findings = self.call("GET", f"changeset_validation/?limit=0")["objects"]
                tests = self.call("GET", f"changeset_test/?limit=0")["objects"]
                raise RuntimeError([finding["result"] for finding in findings] + [test["results_log"] for test in tests])
            self.call("POST", f"changeset/approve/{changeset['id']}/", {})
            approved.append((changeset["id"], details))
        return approved

    def wait(self, task):
        deadline = time.monotonic() + 300
        while True:
            status = self.call("GET", f"changeset/apply_status/{task}/")
            if not status.get("task_active", True):
                return status
            if time.monotonic() > deadline:
                raise TimeoutError(f"{task}: {status}")
            time.sleep(0.2)

    def traces(self, details):
        """Returns how often each statement was executed."""
        def trace(query):
            try:
                return int(self.target.sql(query, self.schema) or 0)
            except RuntimeError as error:  # a table of an earlier statement does not exist
                if "1146" in str(error):
                    return 0
                raise
        return [trace(query) for _, _, queries in details for query in queries]

    def round(self, changeset, details):
        rng = self.rng
        self.restore()
        server = self.new_server()
        start = os.path.getsize(self.target.log)
        task = self.call("POST", "changeset/apply/", {"changeset_id": changeset, "server_id": server})["task_id"]
        for number in range(2 if rng.random() < 0.25 else 1):
            time.sleep(rng.uniform(0, self.options.seconds) if number == 0 else rng.uniform(0.5, 9))
            self.kill_program()
            self.start_program()
        is_canceled = rng.random() < 0.1
        if is_canceled:
            try:
                self.call("POST", f"changeset/apply/{task}/cancel/", {})
            except RuntimeError:  # it has ended
                pass
        statuses, problems = [], []
        for _ in range(10):
            status = self.wait(task)
            statuses.append(status["status"])
            traces = self.traces(details)
            if max(traces) > 1:
                problems.append(f"executed twice: {traces}")
            if status["status"] != "error":
                break
            texts = [message["message"] for message in status["messages"]]
            doubt = next((re.search(r"Statement (\d+) of changeset detail (\d+) was started", text) for text in reversed(texts)
                          if "was started" in text), None)
            if not any("Resume" in text and "repair" in text or "cancel gives it up" in text for text in texts):
                problems.append(f"no advice: {texts}")
            if is_canceled:
                break
            if not doubt:
                problems.append(f"an error without a doubt: {texts}")
                break
            # The first statement without a trace is the one in doubt, unless that was executed.
            applied = self.call("GET", f"changeset_detail/?changeset__id={changeset}&limit=0")["objects"]
            index = [detail["id"] for detail in applied].index(int(doubt[2]))
            position = sum(len(part[0]) for part in details[:index]) + int(doubt[1]) - 1
            self.call("POST", f"changeset/apply/{task}/{'repair' if traces[position] else 'resume'}/", {})
        else:
            problems.append(f"does not end: {statuses}")
        if statuses[-1] == "done" and traces != [1] * len(traces):
            problems.append(f"done, but executed: {traces}")
        if statuses[-1] == "failed":
            problems.append(f"failed: {status['messages']}")
        if statuses[-1] == "canceled" and any(traces):
            problems.append(f"canceled, but executed: {traces}")
        sent = self.sent(start, details)
        self.tasks.append({"task": task, "statuses": statuses, "problems": problems, "sent": sent})

    def sent(self, start, details):
        """Returns how often each statement was sent to the schema, from the general log."""
        time.sleep(0.1)
        with open(self.target.log, "rb") as log:
            log.seek(start)
            lines = log.read().decode(errors="replace").splitlines()
        own, counted = set(), collections.Counter()
        for line in lines:
            match = re.match(r"(?:\S+\s+\S+)?\s*(\d+) (\w+(?: DB)?)\s(.*)", line.strip())
            if not match:
                continue
            connection, command, text = match.groups()
            if command == "Connect" and re.search(rf" on {self.schema}( |$)", text):
                own.add(connection)
            elif command == "Query" and connection in own:
                counted[text.strip()] += 1
        return [counted[statement] for apply, _, _ in details for statement in apply]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("steward")
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--programs", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=5, help="the latest moment of the first kill")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    options.kills_each = -(-options.kills // options.programs)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        target, scratch = Server(f"{folder}/target", True), Server(f"{folder}/scratch", False)
        programs = [Program(number, target, scratch, f"{folder}/{number}", options) for number in range(options.programs)]
        for program in programs:
            program.start()
        for program in programs:
            program.join()
        for server in (target, scratch):
            server.stop()
        report(programs)
    print(f"{time.monotonic() - started:.0f} s")


def report(programs):
    tasks = [task for program in programs for task in program.tasks]
    for number, program in enumerate(programs):
        if program.problem:
            print(f"program {number}: {program.problem!r}")
            print(open(f"{program.folder}/log", errors="replace").read()[-3000:])
    for task in tasks:
        if task["problems"]:
            print("wrong:", json.dumps(task))
    ends = collections.Counter(task["statuses"][-1] for task in tasks)
    doubts = sum(status == "error" for task in tasks for status in task["statuses"])
    twice = sum(count > 1 for task in tasks for count in task["sent"])
    print(f"kills: {sum(program.kills for program in programs)}, tasks: {len(tasks)} {dict(ends)}, settled by a person: {doubts}")
    print(f"statements: {sum(len(task['sent']) for task in tasks)}, sent twice: {twice}, tasks with a problem: {sum(bool(task['problems']) for task in tasks)}")


if __name__ == "__main__":
    main()
