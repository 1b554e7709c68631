#!/usr/bin/env python3
"""Computes the expected usage ledger of a file of notifications, independently of Steward's code.

    python3 tests/corpus/derive.py notifications.jsonl[.gz] [--level none|basic|all] > expected.json

The file has one notification per line. The output has the event counts of each service, the launches, the deletes, and
the exists records with their verdicts after all audit periods have ended. Rows are identified by fields of the
notifications, never by ids of Steward.
"""
import argparse
import calendar
import collections
import gzip
import json
import re
import sys
import time

import load

SETS = {"create.start", "rebuild.start", "rescue.start"}
FILLS_BOTH = {"resize.prep.start", "resize.revert.start"}
ENDS = {"create.end", "rebuild.end", "rescue.end", "finish_resize.end", "resize.revert.end"}
OVERWRITES = {"finish_resize.start", "finish_resize.end", "resize.revert.end"}
STARTS_TIME = {"rebuild.start", "rescue.start", "resize.prep.start", "resize.revert.start"}
IMAGE = {
    "os_architecture": "org.openstack__1__architecture",
    "os_distro": "org.openstack__1__os_distro",
    "os_version": "org.openstack__1__os_version",
    "rax_options": "com.rackspace__1__options",
}


def micros(text):
    if not text:
        return None
    text = text.replace("T", " ").rstrip("Z")
    whole, _, fraction = text.partition(".")
    seconds = calendar.timegm(time.strptime(whole, "%Y-%m-%d %H:%M:%S"))
    return seconds * 1_000_000 + int((fraction + "000000")[:6])


def as_text(value):
    return None if value is None else str(value)


def image(payload):
    meta = payload.get("image_meta") or {}
    return {name: meta.get(key) or "" for name, key in IMAGE.items()}


def apply_launch_event(launches, event, n, p, instance, at):
    key = (instance, n.get("_context_request_id") or "")
    new = key not in launches
    row = launches.setdefault(key, {"launched_at": None, "instance_type_id": None, "instance_flavor_id": None})
    flavor = {"instance_type_id": as_text(p.get("instance_type_id")), "instance_flavor_id": as_text(p.get("instance_flavor_id"))}
    launched_at = micros(p.get("launched_at"))
    if event in SETS or event in OVERWRITES:
        row.update(flavor)
    elif event in FILLS_BOTH:
        if row["instance_type_id"] is None and row["instance_flavor_id"] is None:
            row.update(flavor)
    else:
        for name, value in flavor.items():
            if row[name] is None:
                row[name] = value
    if event in STARTS_TIME and row["launched_at"] is None:
        row["launched_at"] = launched_at
    if event in ENDS and launched_at is not None:
        if row["launched_at"] is None or row["launched_at"] < launched_at:
            row["launched_at"] = launched_at
    row["tenant"] = as_text(p.get("tenant_id") or n.get("_context_project_id"))
    row.update(image(p))
    return new


def derive(notifications, level):
    counts = collections.Counter()
    launches, deletes, exists = {}, {}, []
    seen = set()
    ordered = []
    for n in notifications:
        if n.get("message_id") in seen:
            continue
        seen.add(n.get("message_id"))
        at = micros(n.get("timestamp") or n.get("_context_timestamp"))
        service = "glance" if n["event_type"].startswith("image.") else "nova"
        counts[service, n["event_type"]] += 1
        ordered.append((at, n["message_id"], n))
    for at, _, n in sorted(ordered, key=lambda entry: entry[:2]):
        p = n.get("payload") or {}
        event = n["event_type"].removeprefix("compute.instance.")
        instance = p.get("instance_uuid", p.get("instance_id"))
        if not n["event_type"].startswith("compute.instance.") or not instance:
            continue
        if event in SETS | FILLS_BOTH | ENDS | OVERWRITES:
            if event == "create.end" and p.get("message") not in (None, "", "Success"):
                continue
            apply_launch_event(launches, event, n, p, instance, at)
        elif event == "delete.end" and p.get("launched_at"):
            deleted = micros(p.get("terminated_at")) or micros(p.get("deleted_at"))
            deletes[instance, micros(p["launched_at"]), deleted] = n["message_id"]
        elif event == "exists" and p.get("launched_at"):
            exists.append({
                "message_id": n["message_id"], "instance": instance, "received": at,
                "launched_at": micros(p["launched_at"]), "deleted_at": micros(p.get("deleted_at")),
                "audit_period_beginning": micros(p["audit_period_beginning"]),
                "audit_period_ending": micros(p["audit_period_ending"]),
                "instance_type_id": as_text(p.get("instance_type_id")),
                "instance_flavor_id": as_text(p.get("instance_flavor_id")),
                "tenant": as_text(p.get("tenant_id") or n.get("_context_project_id")),
                "bandwidth_public_out": (((p.get("bandwidth") or {}).get("public") or {}).get("bw_out")) or 0,
                **image(p),
                "import": ((p.get("image_meta") or {}).get("image_type")) == "import",
            })
    for row in exists:
        row["status"], row["why"] = verdict(row, launches, deletes, level)
    return counts, launches, deletes, exists


def second(at):
    return None if at is None else at // 1_000_000


def verdict(e, launches, deletes, level):
    if level != "none":
        if not e["tenant"] or not re.fullmatch("[0-9a-fA-F]+", e["tenant"]) or e["instance_type_id"] is None:
            return "failed", "validity"
    if level == "all":
        needed = ["rax_options", "os_architecture"] + ([] if e["import"] else ["os_distro", "os_version"])
        if any(not e[name] for name in needed):
            return "failed", "validity"
    mine = [row for (instance, _), row in launches.items() if instance == e["instance"]]
    linked = [row for row in mine if row["launched_at"] is not None
              and e["launched_at"] <= row["launched_at"] <= e["launched_at"] + 1_000_000]
    if not linked:
        linked = [row for row in mine if second(row["launched_at"]) == second(e["launched_at"])]
        if len(linked) > 1:
            return "failed", "ambiguous launch"
    if not linked:
        return "failed", "launch not found"
    launch = min(linked, key=lambda row: row["launched_at"])
    if second(launch["launched_at"]) != second(e["launched_at"]):
        return "failed", "launched_at"
    for name in ("instance_type_id", "tenant", "rax_options", "os_architecture", "os_version", "os_distro"):
        if launch[name] != e[name]:
            return "failed", name
    deleted = [d for (i, l, d) in deletes if i == e["instance"] and second(l) == second(e["launched_at"])]
    if e["deleted_at"] is None:
        if any(d is not None and d <= e["audit_period_ending"] for d in deleted):
            return "failed", "deleted"
    elif len(deleted) != 1:
        return "failed", "delete not found"
    elif second(deleted[0]) != second(e["deleted_at"]):
        return "failed", "deleted_at"
    return "verified", None


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("file")
    arguments.add_argument("--level", choices=["none", "basic", "all"], default="basic")
    arguments.add_argument("--years", type=int, default=0, help="number of years to add to every date of the file")
    options = arguments.parse_args()
    opened = gzip.open(options.file, "rt") if options.file.endswith(".gz") else open(options.file)
    counts, launches, deletes, exists = derive((json.loads(load.shift_years(line, options.years)) for line in opened), options.level)
    json.dump({
        "events": {service: {t: c for (s, t), c in sorted(counts.items()) if s == service} for service in ("nova", "glance")},
        "launches": sorted(({"instance": i, "request_id": r, **row} for (i, r), row in launches.items()),
                           key=lambda row: (row["instance"], row["request_id"])),
        "deletes": sorted(({"instance": i, "launched_at": l, "deleted_at": d, "raw": m} for (i, l, d), m in deletes.items()),
                          key=lambda row: (row["instance"], row["launched_at"], row["deleted_at"] or 0)),
        "exists": sorted(exists, key=lambda row: row["message_id"]),
    }, fp=sys.stdout, indent=1)


if __name__ == "__main__":
    main()
