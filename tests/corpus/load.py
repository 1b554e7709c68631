#!/usr/bin/env python3
"""Posts a file of notifications to a running Steward, waits until all are recorded, and compares the ledger with the
output of derive.py.

    python3 tests/corpus/load.py notifications.jsonl.gz expected.json [--url http://127.0.0.1:8000] [--times 2]

Uses the standard library only. Prints the first difference and exits with status 1.
"""
import argparse
import gzip
import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


def call(url, body=None):
    request = urllib.request.Request(url, data=body, method="POST" if body is not None else "GET")
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


def post(url, lines, size=100):
    accepted = 0
    for start in range(0, len(lines), size):
        array = "[" + ",".join(lines[start:start + size]) + "]"
        for attempt in range(600):
            try:
                accepted += call(f"{url}/notifications", array.encode())["accepted"]
                break
            except (urllib.error.URLError, ConnectionError, OSError):
                time.sleep(0.1)
        else:
            sys.exit(f"{url} is not reachable")
    return accepted


def count(url, service):
    reply = call(f"{url}/db/stats/events/?service={service}")
    return {row["event"]: row["event_count"] for row in reply["stats"]}


def rows(url, path, key):
    found, offset = [], 0
    while True:
        page = call(f"{url}/db/usage/{path}/?limit=1000&offset={offset}&order_by=id&direction=asc")[key]
        found += page
        offset += len(page)
        if len(page) < 1000:
            return found


def shift_years(line, years):
    """Returns the notification with `years` added to the year of every date."""
    return re.sub(r'"(20\d\d)(-\d\d-\d\d[ T])', lambda m: f'"{int(m[1]) + years}{m[2]}', line) if years else line


def time_text(micros):
    if micros is None:
        return None
    whole = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(micros // 1_000_000))
    return whole if micros % 1_000_000 == 0 else f"{whole}.{micros % 1_000_000:06}"


def assert_equal(what, got, expected):
    if got != expected:
        for key in list(got)[:100000] if isinstance(got, dict) else []:
            if got.get(key) != expected.get(key):
                print(f"{what}: {key}: got {got.get(key)}, expected {expected.get(key)}")
                break
        sys.exit(f"{what} differ: {len(got)} against {len(expected)}")
    print(f"{what}: {len(got)} equal")


def compare(url, expected, verdicts, echoes):
    nova = count(url, "nova")
    wanted = dict(expected["events"]["nova"])
    if echoes:
        verified = sum(row["status"] == "verified" for row in expected["exists"])
        name = "compute.instance.exists.verified"
        wanted[name] = wanted.get(name, 0) + verified
    assert_equal("nova events", nova, wanted)
    assert_equal("glance events", count(url, "glance"), expected["events"]["glance"])
    fields = ["instance_type_id", "instance_flavor_id", "tenant", "os_architecture", "os_distro", "os_version", "rax_options"]
    got = {(r["instance"], r["request_id"]): (r["launched_at"], *(r[f] for f in fields)) for r in rows(url, "nova/launches", "launches")}
    assert_equal("launches", got, {(r["instance"], r["request_id"]): (time_text(r["launched_at"]), *(r[f] for f in fields)) for r in expected["launches"]})
    got = {(r["instance"], r["launched_at"], r["deleted_at"]): 1 for r in rows(url, "nova/deletes", "deletes")}
    assert_equal("deletes", got, {(r["instance"], time_text(r["launched_at"]), time_text(r["deleted_at"])): 1 for r in expected["deletes"]})
    times = ["launched_at", "deleted_at", "audit_period_beginning", "audit_period_ending", "received"]
    fields += ["instance", "bandwidth_public_out"]
    listed = rows(url, "nova/exists", "exists")
    got = {r["message_id"]: (*(r[f] for f in times), *(r[f] for f in fields)) for r in listed}
    assert_equal("exists", got, {r["message_id"]: (*(time_text(r[f]) for f in times), *(r[f] for f in fields)) for r in expected["exists"]})
    if len(listed) != len(got):
        sys.exit("a message_id has several exists records")
    if verdicts:
        assert_equal("verdicts", {r["message_id"]: r["status"] for r in listed}, {r["message_id"]: r["status"] for r in expected["exists"]})


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("file")
    arguments.add_argument("expected")
    arguments.add_argument("--url", default="http://127.0.0.1:8000")
    arguments.add_argument("--times", type=int, default=1, help="how often to post the whole file")
    arguments.add_argument("--years", type=int, default=0, help="number of years to add to every date of the file")
    arguments.add_argument("--verdicts", action="store_true", help="also compare verdicts; all audit periods must have ended")
    options = arguments.parse_args()
    opened = gzip.open(options.file, "rt") if options.file.endswith(".gz") else open(options.file)
    lines = [shift_years(line.strip(), options.years) for line in opened if line.strip()]
    expected = json.load(open(options.expected))
    total = sum(sum(counts.values()) for counts in expected["events"].values())
    for _ in range(options.times):
        started = time.monotonic()
        print("accepted:", post(options.url, lines))
        posted = time.monotonic() - started
        while sum(sum(count(options.url, service).values()) for service in ("nova", "glance")) < total:
            time.sleep(0.05)
        visible = time.monotonic() - started
        print(f"posted in {posted:.2f} s, all recorded after {visible:.2f} s: {len(lines) / visible:.0f} notifications/s")
        compare(options.url, expected, options.verdicts, options.verdicts)


if __name__ == "__main__":
    main()
