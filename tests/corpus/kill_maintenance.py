#!/usr/bin/env python3
"""Kills `steward up` with SIGKILL while PostgreSQL runs its statements, and compares the final status of every operation
with the server's log and catalogs.

    python3 tests/corpus/kill_maintenance.py target/local/steward --kills 100

Half of the programs use a server that never checks whether a client is gone (client_connection_check_interval = 0),
the others one that checks every 300 ms. After some kills the script also ends the backends, and after some it cancels
an operation before the program runs again. Reported are operations with a wrong status, statements that ran at the
same time on one table, and statements that completed twice.
"""
import argparse
import collections
import glob
import json
import os
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

ROWS = 300_000
TABLES = 2
# Path below the schema, body, and the evidence that changes.
OPERATIONS = [
    ("table/{table}/vacuum", {"mode": "full"}, ["file"]),
    ("table/{table}/vacuum", {"mode": "full,analyze"}, ["file", "analyzes"]),
    ("table/{table}/vacuum", {}, ["vacuums"]),
    ("table/{table}/vacuum", {"mode": "freeze,analyze"}, ["vacuums", "analyzes"]),
    ("table/{table}/analyze", {}, ["analyzes"]),
    ("table/{table}/reindex", {}, ["indexes"]),
    ("table/{table}/reindex", {"concurrently": True}, ["indexes"]),
    ("index/{table}_text/reindex", {}, ["index"]),
    ("index/{table}_text/reindex", {"concurrently": True}, ["index"]),
]
EVIDENCE = """
SELECT json_build_object(
  'file', pg_relation_filenode('{table}'), 'index', pg_relation_filenode('{table}_text'),
  'indexes', (SELECT json_agg(pg_relation_filenode(indexrelid) ORDER BY indexrelid)
              FROM pg_index WHERE indrelid = '{table}'::regclass),
  'vacuums', pg_stat_get_vacuum_count('{table}'::regclass), 'analyzes', pg_stat_get_analyze_count('{table}'::regclass))
"""
# VACUUM and ANALYZE take about as long as the other statements.
SETTINGS = {
    "fsync": "off", "autovacuum": "off", "max_connections": "100", "maintenance_work_mem": "16MB",
    "vacuum_cost_delay": "20ms", "vacuum_cost_page_dirty": "2", "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "", "log_statement": "all", "log_duration": "on", "log_disconnections": "on",
    "log_line_prefix": "%n|%p|%a|",
}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A PostgreSQL server with a log of every statement."""

    def __init__(self, folder, check_interval):
        self.programs = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
        self.log, self.port, data = f"{folder}/log", free_port(), f"{folder}/data"
        os.mkdir(folder)
        user = {"user": "postgres"} if os.getuid() == 0 else {}
        if user:
            shutil.chown(folder, "postgres")
        initdb = [f"{self.programs}/initdb", "-U", "steward", "-A", "trust", "--no-sync", "-D", data]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/", **user)
        settings = {**SETTINGS, "client_connection_check_interval": check_interval}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [f"{self.programs}/postgres", "-D", data, "-p", str(self.port), *arguments]
        self.process = subprocess.Popen(command, stderr=open(self.log, "wb"), cwd="/", **user)
        while subprocess.run(self.psql("postgres"), input="", text=True, capture_output=True).returncode:
            time.sleep(0.1)

    def psql(self, database):
        return [f"{self.programs}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", f"postgres://steward@127.0.0.1:{self.port}/{database}"]

    def sql(self, database, script):
        done = subprocess.run(self.psql(database), input=script, text=True, capture_output=True, check=True)
        return done.stdout.strip()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


class Program(threading.Thread):
    """A program that is killed again and again, with a database of its own."""

    def __init__(self, number, server, folder, options):
        super().__init__()
        self.server, self.options, self.rng = server, options, random.Random(options.seed * 1000 + number)
        self.database, self.port, self.folder = f"work{number}", free_port(), folder
        self.operations, self.kills, self.problem = [], 0, None
        os.mkdir(folder)

    def start_program(self):
        command = [self.options.steward, "up", "--listen", f"127.0.0.1:{self.port}", "--data", f"{self.folder}/data", "--tick", "1s"]
        url = f"postgres://steward@127.0.0.1:{self.server.port}/postgres"
        environment = {**os.environ, "POSTGRES_URL": url, "RUST_LOG": "warn", "MAINTENANCE_LEASE_SECONDS": "6",
                       "MAINTENANCE_CONCURRENCY": "50"}
        log = open(f"{self.folder}/log", "ab")
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)

    def call(self, method, path, body=None):
        """Sends a request until the program answers it."""
        while True:
            try:
                key = open(glob.glob(f"{self.folder}/data/*key*")[0]).read().strip()
                data = None if body is None else json.dumps(body).encode()
                url = f"http://127.0.0.1:{self.port}/maintenance/{path}"
                request = urllib.request.Request(url, data, {"x-api-key": key}, method=method)
                return json.load(urllib.request.urlopen(request, timeout=20))
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                # A busy machine.
                if error.code == 503:
                    continue
                raise RuntimeError(f"{method} {path}: {error.code} {error.read()}") from error
            except (OSError, IndexError, ValueError):
                time.sleep(0.1)

    def run(self):
        try:
            for table in self.tables():
                self.server.sql(self.database if table != "t0" else self.create_database(), f"""
                    CREATE TABLE {table} (id int PRIMARY KEY, body text, n int);
                    INSERT INTO {table} SELECT g, md5(g::text) || md5((-g)::text), 0 FROM generate_series(1, {ROWS}) g;
                    CREATE INDEX {table}_text ON {table} (body); ANALYZE {table};""")
            self.start_program()
            while self.kills < self.options.kills_each:
                self.round()
        except Exception as problem:  # reported by the main thread
            self.problem = problem
        finally:
            self.process.kill()
            self.process.wait()

    def create_database(self):
        self.server.sql("postgres", f"CREATE DATABASE {self.database}")
        return self.database

    @staticmethod
    def tables():
        return [f"t{number}" for number in range(TABLES)]

    def evidence(self, table):
        return json.loads(self.server.sql(self.database, EVIDENCE.format(table=table)))

    def round(self):
        rng, started = self.rng, []
        for table in self.tables():
            self.server.sql(self.database, f"UPDATE {table} SET n = n + 1 WHERE id % 10 = {rng.randrange(10)}")
            path, body, proof = rng.choice(OPERATIONS)
            before = self.evidence(table)
            reply = self.call("POST", f"{self.database}/schema/public/{path.format(table=table)}", body)
            started.append({"id": reply["id"], "kind": path.split("/")[-1], "table": table, "body": body, "proof": proof, "before": before})
        kills = 2 if rng.random() < 0.2 else 1
        for number in range(kills):
            time.sleep(rng.uniform(0, 3.5) if number == 0 else rng.uniform(0, 70))
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.kills += 1
            if rng.random() < 0.3:
                self.server.sql("postgres", f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = '{self.database}' AND application_name LIKE 'op:%'""")
            self.start_program()
        if rng.random() < 0.2:
            self.call("DELETE", f"{started[0]['kind']}/{started[0]['id']}")
        deadline = time.monotonic() + 600
        for operation in started:
            while True:
                operation["end"] = self.call("GET", f"operations/{operation['id']}")
                if operation["end"]["status"] in ("done", "failed", "canceled", "aborted"):
                    break
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{operation}")
                time.sleep(0.3)
        for operation in started:
            operation["after"] = self.evidence(operation["table"])
        self.operations += started


def runs(log):
    """Returns the statements of operations: of each the session, the operation, the text, the times and whether it completed."""
    found, open_runs = [], {}
    for line in open(log, errors="replace"):
        match = re.match(r"([\d.]+)\|(\d+)\|([^|]*)\|(\w+):\s+(.*)", line)
        if not match:
            continue
        at, pid, application, level, text = match.groups()
        at = float(at)
        statement = re.match(r"statement: ((?:VACUUM|ANALYZE|REINDEX).*)", text)
        if statement and application.startswith("op:"):
            open_runs[pid] = {"operation": application.split(":")[1], "text": statement[1], "start": at, "pid": pid}
        elif pid in open_runs and (text.startswith(("duration:", "disconnection:")) or level in ("ERROR", "FATAL")):
            run = open_runs.pop(pid)
            found.append({**run, "end": at, "completed": text.startswith("duration:")})
    return found + [{**run, "end": float("inf"), "completed": False} for run in open_runs.values()]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("steward")
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--programs", type=int, default=4)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    options.kills_each = -(-options.kills // options.programs)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        servers = [Server(f"{folder}/server{number}", interval) for number, interval in enumerate(("0", "300ms"))]
        programs = [Program(number, servers[number % 2], f"{folder}/{number}", options) for number in range(options.programs)]
        for program in programs:
            program.start()
        for program in programs:
            program.join()
        for server in servers:
            server.stop()
        report(programs, [runs(server.log) for server in servers])
    print(f"{time.monotonic() - started:.0f} s")


def report(programs, logs):
    wrong, concurrent, repeated, interrupted, counted = [], 0, 0, 0, collections.Counter()
    for number, program in enumerate(programs):
        log = logs[number % 2]
        for operation in program.operations:
            its = [run for run in log if run["operation"] == operation["id"]]
            completed = sum(run["completed"] for run in its)
            changed = all(operation["before"][proof] != operation["after"][proof] for proof in operation["proof"])
            is_done = operation["end"]["status"] == "done"
            # A backend that is ended between its commit and its reply has its effect, and no line of completion.
            if is_done != changed or (completed and not is_done) or operation["end"]["status"] == "failed":
                wrong.append((operation, its))
            repeated += max(0, completed - 1)
            interrupted += len(its) - completed
            its.sort(key=lambda run: run["start"])
            concurrent += sum(later["start"] < earlier["end"] for earlier, later in zip(its, its[1:]))
            counted[operation["end"]["status"]] += 1
        if program.problem:
            print(f"program {number}: {program.problem!r}")
    for operation, its in wrong:
        print("wrong:", json.dumps(operation), its)
    print(f"kills: {sum(program.kills for program in programs)}, operations: {sum(counted.values())} {dict(counted)}")
    print(f"wrong status: {len(wrong)}, concurrent statements: {concurrent}, completed twice: {repeated}, interrupted statements: {interrupted}")


if __name__ == "__main__":
    main()
