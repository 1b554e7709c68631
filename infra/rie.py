"""Runs every function that `sam build` made under AWS's Lambda runtime interface emulator, on its samples of events/.

    python infra/rie.py target/local/steward

The emulator comes with the SAM CLI and needs no container; the functions talk to the stand-ins of a `steward` that is
started for the purpose. A sample whose name begins with `bad-` has to be refused, every other one has to succeed.
What this does not show is AWS's own side: the gateway, permissions, cold starts of real machines.
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
PATIENCE_SECONDS = 30
# The API key that the samples show.
KEY = "the first secret"


def emulator():
    """The emulator's program for this machine."""
    processor = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    program = pathlib.Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{processor}"
    program.chmod(0o755)
    return str(program)


def logical_id(directory):
    return "".join(word.capitalize() for word in directory.split("-")) + "Function"


def variables(directory, addresses):
    """What the template gives this function, with the stand-ins' places; settings keep their defaults."""
    template = (ROOT / "template.yaml").read_text()
    block = re.search(rf"^  {logical_id(directory)}:\n(.*?)^  \S", template, re.M | re.S).group(1)
    declared = re.findall(r"^ {10}([A-Z][A-Z_]+): ", block, re.M)
    # The one queue that no worker of `steward` reads: only the function that is asked is at work.
    queue = f"{addresses['SQS']}/000000000000/VerifiedQueue"
    places = {"USAGE_TABLE": "UsageTable", "STREAM_TABLE": "StreamTable", "REGISTRY_TABLE": "RegistryTable"}
    for name in ("NOTIFICATION", "USAGE", "STREAM", "VERIFIED", "PUBLISHED"):
        places[f"{name}_QUEUE_URL"] = queue
    return {
        **{name: places[name] for name in declared if name in places},
        **stand_ins.CREDENTIALS,
        "AWS_ENDPOINT_URL_DYNAMODB": addresses["DynamoDB"],
        "AWS_ENDPOINT_URL_SQS": addresses["SQS"],
        "AWS_LAMBDA_FUNCTION_NAME": logical_id(directory),
        "STACKTACH_AUTH": "none",
        "LOG_FORMAT": "json",
        "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH": "true",
    }


def let_in(addresses):
    """Makes the key of the samples an administrator's: on AWS the stack's first secret would be one."""
    table = boto3.resource("dynamodb", endpoint_url=addresses["DynamoDB"], **credentials()).Table("RegistryTable")
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    table.put_item(Item={
        "pk": "KEY", "sk": digest, "ha": digest, "nm": "samples", "tn": "default", "gr": ["admin"],
        "cr": 0, "ex": None, "rv": None, "v": 1,
    })


def credentials():
    """The stand-ins look at none, and an SDK does not send without."""
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
    """The function under the emulator; gives the address that invokes it."""
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
        log, _ = program.communicate(timeout=PATIENCE_SECONDS)
        if os.environ.get("VERBOSE"):
            print(log.decode(errors="replace"))


def wait_for(port):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", port), 1)):
            return
        time.sleep(0.05)
    raise SystemExit("the emulator does not listen")


def invoke(url, payload):
    request = urllib.request.Request(url, payload, {"Content-Type": "application/json"})
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            answer = response.read()
    except urllib.error.HTTPError as error:
        answer = error.read()
    return json.loads(answer or "null"), (time.monotonic() - started) * 1000


def refused(answer):
    """Whether the function said no, and an error of the function itself is never a way to say it."""
    if not isinstance(answer, dict):
        return False
    if "errorType" in answer:
        raise ValueError(answer)
    status = answer.get("statusCode", 200)
    if status >= 500:
        raise ValueError(answer)
    return status >= 400 or bool(answer.get("batchItemFailures"))


def brief(answer):
    """An HTTP answer in one line."""
    return f"{answer['statusCode']} {answer['body'][:100]}"


def main(steward):
    failed = 0
    directories = sorted(path.name for path in (ROOT / "functions").iterdir())
    with stand_ins.started(steward) as addresses:
        let_in(addresses)
        for directory in directories:
            samples = sorted((ROOT / "events" / directory).glob("*.json"))
            if not samples:
                failed += 1
                print(f"FAILED {directory}: no samples in events/{directory}/")
                continue
            with serving(directory, addresses) as url:
                for sample in samples:
                    try:
                        answer, milliseconds = invoke(url, sample.read_bytes())
                        good = refused(answer) == sample.name.startswith("bad-")
                    except (OSError, ValueError) as error:
                        answer, milliseconds, good = str(error), 0.0, False
                    failed += not good
                    shown = answer if not good or "body" not in (answer or {}) else brief(answer)
                    word = "ok    " if good else "FAILED"
                    print(f"{word} {directory}/{sample.name} {milliseconds:.1f} ms {shown}")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
