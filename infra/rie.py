"""Runs every function that `sam build` built on its samples in events/, under AWS's Lambda runtime interface emulator.

    python infra/rie.py target/local/steward

The emulator is part of the SAM CLI and needs no container. The functions use the stand-ins of a `steward` process that
this script starts, for DynamoDB and SQS. Samples whose names start with `bad-` must be rejected; all others must succeed.
Not covered: the gateway, IAM permissions, and cold starts on AWS.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import platform
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
import samcli
import stand_ins

ROOT = pathlib.Path(__file__).parent.parent
BUILT = ROOT / ".aws-sam" / "build"
TIMEOUT_SECONDS = 30
# The API key that the samples send.
KEY = "the first secret"


def emulator():
    """Returns the path of the emulator for this machine's processor."""
    processor = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    program = pathlib.Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{processor}"
    program.chmod(0o755)
    return str(program)


def logical_id(directory):
    return "".join(word.capitalize() for word in directory.split("-")) + "Function"


def variables(directory, addresses):
    """Returns the function's environment: tables and queues as in the template, other settings at their defaults."""
    template = (ROOT / "template.yaml").read_text()
    block = re.search(rf"^  {logical_id(directory)}:\n(.*?)^  \S", template, re.M | re.S).group(1)
    declared = re.findall(r"^ {10}([A-Z][A-Z_]+): ", block, re.M)
    # All queues point to one that no worker of `steward` reads, so that only the function under test does any work.
    queue = f"{addresses['SQS']}/000000000000/VerifiedQueue"
    tables = ("Usage", "Stream", "Registry", "Ops")
    resources = {f"{name.upper()}_TABLE": f"{name}Table" for name in tables}
    for name in ("NOTIFICATION", "USAGE", "STREAM", "MAINTENANCE", "CHANGESET", "VERIFIED", "PUBLISHED"):
        resources[f"{name}_QUEUE_URL"] = queue
    return {
        **{name: resources[name] for name in declared if name in resources},
        **stand_ins.CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": addresses["DynamoDB"],
        "AWS_ENDPOINT_URL_SQS": addresses["SQS"],
        "AWS_LAMBDA_FUNCTION_NAME": logical_id(directory),
        "STACKTACH_AUTH": "none",
        "LOG_FORMAT": "json",
        "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH": "true",
    }


def add_administrator(addresses):
    """Stores the samples' API key as an administrator's key. On AWS the stack's secret has this role."""
    table = boto3.resource("dynamodb", endpoint_url=addresses["DynamoDB"], **credentials()).Table("RegistryTable")
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    table.put_item(Item={
        "pk": "KEY", "sk": digest, "ha": digest, "nm": "samples", "tn": "default", "gr": ["admin"],
        "cr": 0, "ex": None, "rv": None, "v": 1,
    })


def credentials():
    """Returns credentials for boto3, which does not send unsigned requests. The stand-ins accept any."""
    given = stand_ins.CREDENTIALS
    return {
        "region_name": given["AWS_REGION"],
        "aws_access_key_id": given["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": given["AWS_SECRET_ACCESS_KEY"],
    }


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def serving(directory, addresses):
    """Starts the function under the emulator and yields the URL that invokes it."""
    bootstrap = BUILT / logical_id(directory) / "bootstrap"
    port, runtime_port = free_port(), free_port()
    program = subprocess.Popen(
        [
            emulator(),
            "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
            "--runtime-api-address", f"127.0.0.1:{runtime_port}",
            str(bootstrap),
        ],
        env=variables(directory, addresses),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    finally:
        program.terminate()
        log, _ = program.communicate(timeout=TIMEOUT_SECONDS)
        if os.environ.get("VERBOSE"):
            print(log.decode(errors="replace"))


def wait_for(port):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", port), 1)):
            return
        time.sleep(0.05)
    raise SystemExit(f"the emulator did not start listening within {TIMEOUT_SECONDS} s")


def invoke(url, payload):
    request = urllib.request.Request(url, payload, {"Content-Type": "application/json"})
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            result = response.read()
    except urllib.error.HTTPError as error:
        result = error.read()
    return json.loads(result or "null"), (time.monotonic() - started) * 1000


def rejected(result):
    """Whether the function rejected the event. Raises if the function itself failed."""
    if not isinstance(result, dict):
        return False
    if "errorType" in result:
        raise ValueError(result)
    status = result.get("statusCode", 200)
    if status >= 500:
        raise ValueError(result)
    return status >= 400 or bool(result.get("batchItemFailures"))


def summary(response):
    """Returns an HTTP response in one line."""
    return f"{response['statusCode']} {response['body'][:100]}"


def main(steward):
    failed = 0
    directories = sorted(path.name for path in (ROOT / "functions").iterdir())
    with stand_ins.started(steward) as addresses:
        add_administrator(addresses)
        for directory in directories:
            samples = sorted((ROOT / "events" / directory).glob("*.json"))
            if not samples:
                failed += 1
                print(f"FAILED {directory}: no samples in events/{directory}/")
                continue
            with serving(directory, addresses) as url:
                for sample in samples:
                    try:
                        result, milliseconds = invoke(url, sample.read_bytes())
                        passed = rejected(result) == sample.name.startswith("bad-")
                    except (OSError, ValueError) as error:
                        result, milliseconds, passed = str(error), 0.0, False
                    failed += not passed
                    shown = result if not passed or "body" not in (result or {}) else summary(result)
                    outcome = "ok    " if passed else "FAILED"
                    print(f"{outcome} {directory}/{sample.name} {milliseconds:.1f} ms {shown}")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
