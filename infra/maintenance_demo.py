"""Shows the maintenance API at work on the sample server of a running `make run`.

    python3 infra/maintenance_demo.py http://127.0.0.1:8000 [--recurring]

Creates the schema `demo` with `psql`, requests operations, watches them to their end, follows the advice for a bloated
table, and drops the schema. With `--recurring`, it also waits for two runs of a recurring operation, which takes six
minutes: runs are at least five minutes apart.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

KEY = "shared_key_value"
SERVICE_FILE = ".steward/postgres/service.conf"
LIMIT_SECONDS = 120
# Two runs, and the minute of the ticker.
RECURRING_SECONDS = 600
FINAL = ("done", "failed", "canceled")
# Two tables, of one of which three quarters of the rows are dead.
TABLES = """
DROP SCHEMA IF EXISTS demo CASCADE;
CREATE SCHEMA demo;
CREATE TABLE demo.orders (id int PRIMARY KEY, note text) WITH (autovacuum_enabled = off);
INSERT INTO demo.orders SELECT n, 'order number ' || n FROM generate_series(1, 1500000) AS n;
CREATE TABLE demo.events (id int, note text) WITH (autovacuum_enabled = off);
INSERT INTO demo.events SELECT * FROM demo.orders;
CREATE TABLE demo.visits AS SELECT 1 AS id;
DELETE FROM demo.events WHERE id % 4 > 0;
ANALYZE demo.orders, demo.events;
"""


class Steward:
    """A client of the maintenance API."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"x-api-key": KEY}, method=method)
        with urllib.request.urlopen(request, timeout=LIMIT_SECONDS) as response:
            return json.load(response)

    def get(self, path):
        return self.request("GET", path)

    def follow(self, ids):
        """Prints every change of these operations until they have ended."""
        shown = {}
        deadline = time.monotonic() + LIMIT_SECONDS
        while any(shown.get(one, [None])[0] not in FINAL for one in ids):
            for one in ids:
                found = self.get(f"/maintenance/operations/{one}")
                percent = found["percent"]
                state = [found["status"], found["phase"], percent and f"{percent:.0f} %", found["error"]]
                if shown.get(one) != state:
                    shown[one] = state
                    print(f"  {one}", *(part for part in state if part))
            if time.monotonic() > deadline:
                sys.exit(f"the operations did not end within {LIMIT_SECONDS} s")
            time.sleep(0.1)


def psql(script):
    environment = {**os.environ, "PGSERVICEFILE": SERVICE_FILE, "PGOPTIONS": "-c client_min_messages=warning"}
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "service=steward"]
    subprocess.run(command, input=script, text=True, check=True, env=environment)


def operations(steward):
    print("Three operations, due in two seconds:")
    due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    body = {"datetime": due.strftime("%Y-%m-%dT%H:%M:%SZ")}
    table = "/maintenance/postgres/schema/demo/table"
    ids = {}
    for kind, name, extra in (("vacuum", "events", {"mode": "full"}), ("reindex", "orders", {}), ("analyze", "orders", {})):
        ids[kind] = steward.request("POST", f"{table}/{name}/{kind}", {**body, **extra})["id"]
    for kind in ids:
        for entry in steward.get(f"/maintenance/postgres/{kind}/scheduled"):
            if entry["id"] == ids[kind]:
                print(f"  {entry['id']} {kind} {entry['table']} {entry['datetime']} {entry['status']}")
    print(f"DELETE /maintenance/analyze/{ids['analyze']}:", steward.request("DELETE", f"/maintenance/analyze/{ids['analyze']}"))
    steward.follow(list(ids.values()))
    for one in ids.values():
        found = steward.get(f"/maintenance/operations/{one}")
        print(f"  {one} {found['kind']}: {found['status']}, from {found['started']} to {found['ended']}:", found["statement"] or "")


def advice(steward):
    print("Rows are deleted and updated without a VACUUM. The advice, followed until there is none:")
    psql("UPDATE demo.orders SET note = note WHERE id % 2 = 0; DELETE FROM demo.orders WHERE id % 4 > 0; ANALYZE demo.orders")
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        hints = [hint for hint in steward.get("/maintenance/postgres/advice")["hints"] if hint["schema"] == "demo"]
        if not hints:
            print("  no advice is left")
            return
        hint = hints[0]
        request = hint["request"]
        print(f"  {hint['index'] or hint['table']}: {hint['reason']}")
        print(f"  {request['method']} {request['path']} {json.dumps(request['body'])}")
        steward.follow([steward.request(request["method"], request["path"], request["body"])["id"]])
        # The counters of a session arrive a moment after its end.
        time.sleep(1)
    sys.exit(f"advice is left after {LIMIT_SECONDS} s")


def recurring(steward):
    """Requests a recurring operation and returns its id."""
    first = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
    schedule = f"{first.minute},{(first.minute + 5) % 60} * * * *"
    print(f"A recurring operation, with the schedule {schedule}:")
    created = steward.request("POST", "/maintenance/postgres/schema/demo/table/visits/analyze", {"schedule": schedule})
    print(f"  {created['id']}, next runs", ", ".join(created["next"]))
    return created["id"]


def runs(steward, recurrence):
    print("The runs of the recurring operation, until there are two:")
    shown = {}
    deadline = time.monotonic() + RECURRING_SECONDS
    while sum(status in FINAL for status in shown.values()) < 2:
        if time.monotonic() > deadline:
            sys.exit(f"two runs did not end within {RECURRING_SECONDS} s")
        for one in reversed(steward.get(f"/maintenance/recurrences/{recurrence}")["operations"]):
            if shown.get(one["id"]) != one["status"]:
                shown[one["id"]] = one["status"]
                print(f"  {one['id']} {one['datetime']} {one['status']}", one["ended"] or "")
        time.sleep(0.5)
    path = f"/maintenance/recurrences/{recurrence}"
    print(f"DELETE {path}:", steward.request("DELETE", path))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("url")
    arguments.add_argument("--recurring", action="store_true", help="wait for two runs of a recurring operation")
    options = arguments.parse_args()
    if not pathlib.Path(SERVICE_FILE).exists():
        sys.exit(f"{SERVICE_FILE} is missing: start `make run` first, with PostgreSQL installed")
    steward = Steward(options.url)
    psql(TABLES)
    try:
        recurrence = recurring(steward) if options.recurring else None
        operations(steward)
        advice(steward)
        if recurrence:
            runs(steward, recurrence)
    finally:
        psql("DROP SCHEMA demo CASCADE")


if __name__ == "__main__":
    main()
