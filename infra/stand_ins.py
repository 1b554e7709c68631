"""Runs `steward up` in a temporary directory, for checks that call its stand-ins for DynamoDB and SQS from outside."""

import contextlib
import os
import re
import subprocess
import tempfile
import threading

TIMEOUT_SECONDS = 30
CREDENTIALS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
}


class StandIns:
    """The addresses that `steward up` prints, by name: `DynamoDB`, `SQS`."""

    def __init__(self, program):
        self.addresses = {}
        self._ready = threading.Event()
        self._program = program
        self._output = []

    def read_output(self):
        for line in self._program.stdout:
            self._output.append(line)
            for name, url in re.findall(r"\b(DynamoDB|SQS)\b\W+(http://[\w.:]+)", line):
                self.addresses.setdefault(name, url)
            if len(self.addresses) == 2:
                self._ready.set()
        self._ready.set()

    def wait(self):
        if not self._ready.wait(TIMEOUT_SECONDS) or len(self.addresses) < 2:
            raise SystemExit("steward did not print the addresses of DynamoDB and SQS:\n" + "".join(self._output))


@contextlib.contextmanager
def started(steward):
    """Starts the program, waits until it has printed its addresses, yields them, and stops it afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        program = subprocess.Popen(
            [os.path.abspath(steward), "up", "--listen", "127.0.0.1:0"],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        stand_ins = StandIns(program)
        threading.Thread(target=stand_ins.read_output, daemon=True).start()
        try:
            stand_ins.wait()
            yield stand_ins.addresses
        finally:
            program.terminate()
            program.wait(TIMEOUT_SECONDS)
