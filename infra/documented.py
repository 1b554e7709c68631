"""Sends the requests of the original systems' documents to a running Steward, and compares the responses.

    python3 infra/documented.py http://127.0.0.1:8000

The lists in tests/documents/ expect the data of a new `make run`. Some requests change it, so a second run may differ.
"""

import base64
import datetime
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

DOCUMENTS = pathlib.Path(__file__).parent.parent / "tests" / "documents"
TIMEOUT_SECONDS = 30
KEY = {"x-api-key": "shared_key_value", "accept": "application/json"}
# The credentials that the documents show. Those of `schemas` differ between requests: the users' passwords are their names.
HEADERS = {
    "usage": {},
    "streams": {},
    "recomputations": KEY,
    "maintenance": {"x-session": "3b28ed94743e3ada57b217bbf9f36c6d1eb45e669a1ab693e8ca7ac3bd070b9e"},
    "schemas": {},
}
MISSING = object()


def at(body, pointer):
    """Returns the value at a JSON pointer, or MISSING."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        try:
            body = body[int(part)] if isinstance(body, list) else body[part]
        except (LookupError, TypeError, ValueError):
            return MISSING
    return body


def substitute(text, taken):
    """Replaces each `{name}` with the value taken from an earlier response, and each string `{#name}` with it as a number."""
    for name, value in taken.items():
        text = text.replace('"{#' + name + '}"', value).replace("{" + name + "}", value)
    return text


def send(url, entry, headers, taken):
    """Returns the status and the text of the response."""
    headers = dict(headers)
    if "user" in entry:
        headers["authorization"] = "Basic " + base64.b64encode("{0}:{0}".format(entry["user"]).encode()).decode()
    data = None
    if "form" in entry:
        data = entry["form"].encode()
        headers["content-type"] = "application/x-www-form-urlencoded"
    elif "body" in entry:
        data = substitute(json.dumps(entry["body"]), taken).encode()
        headers["content-type"] = "application/json"
    if "override" in entry:
        headers["x-http-method-override"] = entry["override"]
    request = urllib.request.Request(url + substitute(entry["path"], taken), data, headers, method=entry["method"])
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def differences(entry, status, text, taken):
    """Yields what differs from the documented response, and takes the values that later requests use."""
    if status != entry["status"]:
        yield f"status {status}, not {entry['status']}: {text}"
        return
    if entry.get("empty"):
        if text:
            yield f"a body: {text}"
        return
    body = json.loads(text) if text else None
    for pointer, keys in entry.get("keys", {}).items():
        found = at(body, pointer)
        missing = [key for key in keys if not isinstance(found, dict) or key not in found]
        if missing:
            yield f"no {', '.join(missing)} at '{pointer}'"
    for pointer, value in {**entry.get("values", {}), **entry.get("until", {})}.items():
        value = json.loads(substitute(json.dumps(value), taken))
        if at(body, pointer) != value:
            yield f"{at(body, pointer)!r} at '{pointer}', not {value!r}"
    for element in entry.get("contains", []):
        if json.loads(substitute(json.dumps(element), taken)) not in body:
            yield f"the list lacks {element}"
    for pointer in entry.get("absent", []):
        if at(body, pointer) is not MISSING:
            yield f"a value at '{pointer}'"
    for name, pointer in entry.get("take", {}).items():
        value = at(body, pointer)
        if value is MISSING:
            yield f"nothing at '{pointer}'"
        else:
            taken[name] = value if isinstance(value, str) else json.dumps(value)


def send_until(url, entry, headers, taken):
    """Sends a request until its response has the values that work in the background leads to."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        status, text = send(url, entry, headers, taken)
        reached = [at(json.loads(text or "null"), pointer) == value for pointer, value in entry.get("until", {}).items()]
        if all(reached) or time.monotonic() > deadline:
            return status, text
        time.sleep(0.5)


def week():
    """Returns the limits of a week that contains the samples' events."""
    now = datetime.datetime.now(datetime.timezone.utc)
    limits = {"from": now - datetime.timedelta(days=6), "to": now + datetime.timedelta(days=1)}
    return {name: limit.strftime("%Y-%m-%dT%H:%M") for name, limit in limits.items()}


def main():
    url = sys.argv[1].rstrip("/")
    failed = 0
    for name, headers in HEADERS.items():
        taken = week()
        for entry in json.loads((DOCUMENTS / f"{name}.json").read_text()):
            found = list(differences(entry, *send_until(url, entry, headers, taken), taken))
            failed += bool(found)
            print("FAILED" if found else "ok    ", f"{name}: {entry['section']}", *found, sep="\n       " if found else " ")
    sys.exit(f"{failed} responses differ" if failed else 0)


if __name__ == "__main__":
    main()
