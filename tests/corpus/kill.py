#!/usr/bin/env python3
"""Posts a file of notifications to `steward up` while killing the program at random times, posts unanswered requests
again, and compares the ledger with the output of derive.py.

    python3 tests/corpus/kill.py target/local/steward notifications.jsonl.gz expected.json --kills 20

Verification only runs for audit periods in the past. Use `--years` here and with derive.py to shift the dates of the
file, so that records are verified between the kills.
"""
import argparse
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error

import load


class Program:
    def __init__(self, steward, folder, port):
        self.command = [steward, "up", "--listen", f"127.0.0.1:{port}", "--data", f"{folder}/data", "--tick", "1s"]
        self.environment = {**os.environ, "VERIFY_LEVEL": "basic", "VERIFY_SETTLE_SECONDS": "0", "RUST_LOG": "warn"}
        self.log = open(f"{folder}/log", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=subprocess.DEVNULL, stderr=self.log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("steward")
    arguments.add_argument("file")
    arguments.add_argument("expected")
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--years", type=int, default=0, help="number of years to add to every date of the file")
    options = arguments.parse_args()
    opened = gzip.open(options.file, "rt") if options.file.endswith(".gz") else open(options.file)
    lines = [load.shift_years(line.strip(), options.years) for line in opened if line.strip()]
    expected = json.load(open(options.expected))
    total = sum(sum(counts.values()) for counts in expected["events"].values())
    rng = random.Random(options.seed)
    url = "http://127.0.0.1:8765"
    with tempfile.TemporaryDirectory() as folder:
        program = Program(options.steward, folder, 8765)
        kills = 0
        done = threading.Event()

        def killer():
            nonlocal kills
            while kills < options.kills and not done.is_set():
                time.sleep(rng.uniform(0.05, 1.2))
                program.kill()
                kills += 1
                program.start()

        thread = threading.Thread(target=killer)
        started = time.monotonic()
        thread.start()
        posted = 0
        for start in range(0, len(lines), 100):
            posted += load.post(url, lines[start:start + 100])
            time.sleep(rng.uniform(0, 0.3))
        thread.join()
        print(f"accepted: {posted}, kills: {kills}, after {time.monotonic() - started:.1f} s")
        while True:
            try:
                counted = sum(sum(load.count(url, service).values()) for service in ("nova", "glance"))
                waiting = [row for row in load.call(f"{url}/db/stats/nova/exists/")["stats"] if row["status"] in ("pending", "verifying")]
                if counted >= total and not waiting:
                    break
            except (urllib.error.URLError, ConnectionError, OSError):
                pass
            time.sleep(0.5)
            if time.monotonic() - started > 900:
                sys.exit(f"timeout: {counted} of {total} notifications recorded, unverified: {waiting}")
        print(f"recorded and verified after {time.monotonic() - started:.1f} s")
        load.compare(url, expected, True, True)
        program.kill()


if __name__ == "__main__":
    main()
