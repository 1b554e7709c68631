"""Compares the reports of a running Steward with those of temboard-agent, on one PostgreSQL server and in one run.

    python tests/bench/maintenance.py target/local/steward [--requests 100]

Starts a private PostgreSQL cluster with two databases of 500 and 5,000 relations (relations.sql), `steward up` and
temboard-agent beside it. The requests of both alternate in short rounds, so that both see the same load of the machine.
Steward's clients keep their connections, which temboard-agent closes after every answer. Prints the median and the rate
of each, the processor time per request of the server and PostgreSQL together, which a busy machine changes little, and
the ratios of rates and of processor times. Before that, PostgreSQL logs the connections and statements of a first and of
a second request.
"""

import argparse
import base64
import concurrent.futures
import contextlib
import datetime
import glob
import http.client
import os
import pathlib
import pwd
import re
import secrets
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

FOLDER = pathlib.Path(__file__).parent
DATABASES = {"r500": 100, "r5000": 1000}
ROUNDS = 5
TIMEOUT_SECONDS = 60
USER, PASSWORD = "steward", secrets.token_hex(8)
SETTINGS = ["fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=200", "listen_addresses=127.0.0.1"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process, log):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    sys.exit(f"nothing listens on {port}:\n" + pathlib.Path(log).read_text())


@contextlib.contextmanager
def running(command, port, log, **options):
    with open(log, "w") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
    try:
        wait_for(port, process, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(TIMEOUT_SECONDS)


def processor_seconds(*roots):
    """Returns the processor time of processes with all their descendants, also of those that have ended."""
    processes = {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(stat).read_text().rsplit(")", 1)[1].split()
            # Parent, and the ticks of the process itself and of its ended children.
            processes[int(stat.split("/")[2])] = int(fields[1]), [int(ticks) for ticks in fields[11:15]]
    total, pending = 0, list(roots)
    while pending:
        pid = pending.pop()
        total += sum(processes[pid][1]) if pid in processes else 0
        pending += [child for child, (parent, _) in processes.items() if parent == pid]
    return total / os.sysconf("SC_CLK_TCK")


class Postgres:
    """A private cluster. It runs as another user if this process is root's."""

    def __init__(self, folder):
        self.folder = folder / "postgres"
        self.folder.mkdir()
        self.programs = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[-1]).parent
        self.options = {}
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.port = free_port()
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        subprocess.run(
            [self.programs / "initdb", "-D", self.folder / "data", "-U", USER, "-A", "scram-sha-256", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync", "--pwfile", password],
            check=True, stdout=subprocess.DEVNULL, cwd="/", **self.options)

    def run(self):
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        command = [self.programs / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-k", self.folder]
        return running(command + settings, self.port, self.folder.parent / "postgres.log", cwd="/", **self.options)

    def psql(self, database, *arguments):
        command = [self.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", USER]
        return subprocess.run([*command, "-p", str(self.port), "-d", database, *arguments], check=True, text=True,
                              stdout=subprocess.PIPE, env={**os.environ, "PGPASSWORD": PASSWORD}).stdout

    def logged(self, get, path):
        """Returns the connections and statements of one request, from the log."""
        log = self.folder.parent / "postgres.log"
        seen = log.stat().st_size
        get(path)
        time.sleep(0.2)
        lines = log.read_bytes()[seen:].decode(errors="replace").splitlines()
        statements = sum("LOG:  execute " in line or "LOG:  statement: " in line for line in lines)
        return sum("LOG:  connection authorized" in line for line in lines), statements

    def log(self, connections, statements):
        self.psql("postgres", "-c", f"ALTER SYSTEM SET log_connections = '{connections}'")
        self.psql("postgres", "-c", f"ALTER SYSTEM SET log_statement = '{statements}'")
        self.psql("postgres", "-c", "SELECT pg_reload_conf()")
        time.sleep(0.5)

    def fill(self):
        for database, tables in DATABASES.items():
            self.psql("postgres", "-c", f"CREATE DATABASE {database}")
            self.psql(database, "-v", f"tables={tables}", "-f", FOLDER / "relations.sql")


class Agent:
    """temboard-agent, which speaks HTTPS and verifies a signature of every request."""

    name = "temboard-agent"

    def __init__(self, folder, postgres):
        self.folder = folder / "agent"
        self.folder.mkdir()
        self.port = free_port()
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        (self.folder / "signing.pem").write_bytes(public)
        subprocess.run(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -days 2".split(),
            check=True, stderr=subprocess.DEVNULL, cwd=self.folder)
        (self.folder / "agent.conf").write_text(f"""
[temboard]
ui_url = https://localhost:8888
home = {self.folder}
hostname = localhost.localdomain
address = 127.0.0.1
port = {self.port}
ssl_cert_file = {self.folder}/cert.pem
ssl_key_file = {self.folder}/key.pem
signing_public_key = {self.folder}/signing.pem
plugins = ["maintenance"]
[postgresql]
host = {postgres.folder}
port = {postgres.port}
user = {USER}
password = {PASSWORD}
dbname = postgres
[logging]
method = stderr
level = WARNING
""")
        self.tls = ssl.create_default_context(cafile=self.folder / "cert.pem")
        self.tls.check_hostname = False

    def run(self):
        program = pathlib.Path(sys.executable).parent / "temboard-agent"
        return running([program, "-c", "agent.conf"], self.port, self.folder / "log", cwd=self.folder)

    def client(self):
        def get(path):
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=TIMEOUT_SECONDS)
            with contextlib.closing(connection):
                return answer(connection, path, self.headers(path))
        return get

    def headers(self, path):
        now = datetime.datetime.now(datetime.timezone.utc)
        headers = {
            "host": "localhost",
            "x-temboard-date": now.strftime("%Y%m%dT%H%M%SZ"),
            "x-temboard-request-id": "1",
            "x-temboard-user": "bench",
        }
        signed = sorted(f"{name}: {value}" for name, value in headers.items())
        text = "\n".join([f"GET {urllib.parse.quote_plus(path, safe='/')}", "", *signed, ""])
        scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)
        signature = self.key.sign(text.encode(), scheme, hashes.SHA256())
        return {**headers, "x-temboard-signature": "v1:" + base64.b64encode(signature).decode()}


class Steward:
    name = "Steward"

    def __init__(self, folder, postgres, program):
        self.folder = folder / "steward"
        self.folder.mkdir()
        self.port = free_port()
        self.program = os.path.abspath(program)
        self.url = f"postgres://{USER}:{PASSWORD}@127.0.0.1:{postgres.port}/postgres"

    def run(self):
        command = [self.program, "up", "--listen", f"127.0.0.1:{self.port}", "--data", self.folder / "data"]
        environment = {**os.environ, "POSTGRES_URL": self.url, "RUST_LOG": "warn,dynoxide=error"}
        return running(command, self.port, self.folder / "log", env=environment, cwd=self.folder)

    def client(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        headers = {"x-api-key": (self.folder / "data" / "first-key").read_text().strip()}
        return lambda path: answer(connection, path, headers)


def answer(connection, path, headers):
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200 or not body:
        sys.exit(f"{path}: {response.status} {body[:500]}")
    return len(body)


def timed(get, path, requests):
    times = []
    for _ in range(requests):
        begun = time.perf_counter()
        get(path)
        times.append(time.perf_counter() - begun)
    return times


def measure(clients, path, requests):
    """Returns the times of requests and how long all of them took."""
    share = max(1, requests // len(clients))
    begun = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        times = list(pool.map(lambda get: timed(get, path, share), clients))
    return [one for some in times for one in some], time.perf_counter() - begun


def compare(servers, paths, requests, ids):
    print(f"{'report':46} {'ways':>4} {'server':13} {'bytes':>6} {'median ms':>9} {'p99 ms':>7} {'per second':>10} "
          f"{'cpu ms':>7} {'rates':>6} {'cpu':>6}")
    for ways in (1, 8):
        for path, only_steward in paths:
            rates, costs = [], []
            measured = {}
            compared = servers[:1] if only_steward else servers
            clients = {server: [server.client() for _ in range(ways)] for server in compared}
            sizes = {server: [get(path) for get in clients[server] * 2][0] for server in compared}
            for _ in range(ROUNDS):
                for server in compared:
                    times, elapsed, spent = measured.setdefault(server, ([], [], []))
                    # The slower server sets the length of a round: it makes fewer requests.
                    number = requests if server is servers[0] else requests // 5
                    before = processor_seconds(*ids[server])
                    some, seconds = measure(clients[server], path, max(ways, number // ROUNDS))
                    spent.append(processor_seconds(*ids[server]) - before)
                    times.extend(some)
                    elapsed.append(seconds)
            for server in reversed(compared):
                times, elapsed, spent = measured[server]
                times.sort()
                rates.append(len(times) / sum(elapsed))
                costs.append(sum(spent) / len(times) * 1000)
                ratios = f"{rates[-1] / rates[0]:6.1f} {costs[0] / costs[-1]:6.1f}" if len(rates) > 1 else ""
                print(f"{path:46} {ways:4} {server.name:13} {sizes[server]:6} {statistics.median(times) * 1000:9.1f} "
                      f"{times[int(len(times) * 0.99)] * 1000:7.1f} {rates[-1]:10.1f} {costs[-1]:7.1f} {ratios}", flush=True)


def count(postgres, servers, paths):
    print(f"{'report':46} {'server':13} first request: connections, statements; second request: the same")
    postgres.log("on", "all")
    for path, only_steward in paths:
        for server in servers[:1] if only_steward else servers:
            # An idle session of an earlier report ends before.
            time.sleep(4)
            get = server.client()
            first, second = postgres.logged(get, path), postgres.logged(get, path)
            print(f"{path:46} {server.name:13} {first[0]:2} {first[1]:3}   {second[0]:2} {second[1]:3}", flush=True)
    postgres.log("off", "none")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steward")
    parser.add_argument("--requests", type=int, default=100, help="requests to Steward per report; a fifth to the other")
    arguments = parser.parse_args()
    paths = [("/maintenance", False)]
    for database in DATABASES:
        paths += [(f"/maintenance/{database}", False), (f"/maintenance/{database}/schema/public", False),
                  (f"/maintenance/{database}/schema/public/table/table_4", False),
                  (f"/maintenance/{database}/advice", True)]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="steward-bench-"))
    folder.chmod(0o755)
    try:
        postgres = Postgres(folder)
        with postgres.run() as cluster:
            postgres.fill()
            steward, agent = Steward(folder, postgres, arguments.steward), Agent(folder, postgres)
            with steward.run() as ours, agent.run() as theirs:
                ids = {steward: (ours, cluster), agent: (theirs, cluster)}
                load = " ".join(f"{value:.1f}" for value in os.getloadavg())
                print(re.sub(r" \(.*", "", postgres.psql("postgres", "-c", "SHOW server_version").strip()),
                      f"PostgreSQL; {os.cpu_count()} processors; load averages before: {load}")
                count(postgres, [steward, agent], paths)
                compare([steward, agent], paths, arguments.requests, ids)
                load = " ".join(f"{value:.1f}" for value in os.getloadavg())
                print(f"load averages after: {load}")
    finally:
        shutil.rmtree(folder)


main()
