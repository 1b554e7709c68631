"""Tests, with boto3, that the stand-in for SQS does what Steward needs of SQS.

    python infra/sqs_check.py target/local/steward

boto3 is an independent implementation of the protocol: it checks the digests of bodies and the form of every response.
"""

import json
import sys
import time

import boto3
import botocore.exceptions
import stand_ins

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def queue(sqs, name, **attributes):
    attributes = {key: str(value) for key, value in attributes.items()}
    return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def receive(sqs, url, wait=0, most=10, **more):
    response = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait, MaxNumberOfMessages=most, **more)
    return response.get("Messages", [])


def assert_fails(code, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert code in error.response["Error"]["Code"], error
    else:
        raise AssertionError(f"expected the error {code}")


@check
def message_is_sent_received_and_deleted(sqs):
    url = queue(sqs, "plain")
    sent = sqs.send_message(QueueUrl=url, MessageBody='{"é": 1}')
    [message] = receive(sqs, url)
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], '{"é": 1}')
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert receive(sqs, url) == []


@check
def batch_of_ten_is_received_completely(sqs):
    url = queue(sqs, "batch")
    entries = [{"Id": str(n), "MessageBody": f"body {n}"} for n in range(10)]
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10
    found = receive(sqs, url, wait=1)
    while len(found) < 10 and (more := receive(sqs, url)):
        found += more
    assert sorted(message["Body"] for message in found) == [f"body {n}" for n in range(10)]
    handles = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(found)]
    assert len(sqs.delete_message_batch(QueueUrl=url, Entries=handles)["Successful"]) == 10


@check
def batch_limits_are_enforced(sqs):
    url = queue(sqs, "limits")
    eleven = [{"Id": str(n), "MessageBody": "x"} for n in range(11)]
    assert_fails("TooManyEntriesInBatchRequest", sqs.send_message_batch, QueueUrl=url, Entries=eleven)
    twice = [{"Id": "a", "MessageBody": "x"}] * 2
    assert_fails("BatchEntryIdsNotDistinct", sqs.send_message_batch, QueueUrl=url, Entries=twice)
    assert_fails("InvalidParameterValue", sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=11)


@check
def unknown_queue_is_an_error(sqs):
    missing = queue(sqs, "plain").replace("plain", "missing")
    assert_fails("NonExistentQueue", sqs.send_message, QueueUrl=missing, MessageBody="x")
    assert_fails("NonExistentQueue", sqs.get_queue_url, QueueName="missing")


@check
def received_message_is_invisible_until_its_timeout(sqs):
    url = queue(sqs, "visibility", VisibilityTimeout=1)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [first] = receive(sqs, url)
    assert receive(sqs, url) == []
    [again] = receive(sqs, url, wait=3, AttributeNames=["ApproximateReceiveCount"])
    assert again["MessageId"] == first["MessageId"] and again["Attributes"]["ApproximateReceiveCount"] == "2"


@check
def visibility_timeout_can_be_changed(sqs):
    url = queue(sqs, "changed", VisibilityTimeout=600)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [message] = receive(sqs, url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert len(receive(sqs, url, wait=1)) == 1


@check
def delayed_message_is_invisible_until_its_delay_is_over(sqs):
    url = queue(sqs, "delayed")
    sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=1)
    assert receive(sqs, url) == []
    assert len(receive(sqs, url, wait=3)) == 1
    assert_fails("InvalidParameterValue", sqs.send_message, QueueUrl=url, MessageBody="x", DelaySeconds=901)


@check
def long_poll_ends_after_its_wait_time(sqs):
    url = queue(sqs, "empty")
    started = time.monotonic()
    assert receive(sqs, url, wait=1) == []
    assert 0.9 < time.monotonic() - started < 3


@check
def message_received_too_often_moves_to_the_dead_letter_queue(sqs):
    dead = queue(sqs, "dead")
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    url = queue(sqs, "live", VisibilityTimeout=0, RedrivePolicy=policy)
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison")
    assert [len(receive(sqs, url)) for _ in range(3)] == [1, 1, 0]
    [message] = receive(sqs, dead)
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "poison")


@check
def queue_attributes_count_messages(sqs):
    url = queue(sqs, "counted", VisibilityTimeout=60)
    for delay in (0, 0, 60):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    receive(sqs, url, most=1)
    names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert [counts[name] for name in names] == ["1", "1", "1"], counts


@check
def message_attributes_are_returned(sqs):
    url = queue(sqs, "attributes")
    attributes = {"service": {"DataType": "String", "StringValue": "glance"}}
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    [message] = receive(sqs, url, MessageAttributeNames=["All"])
    assert message["MessageAttributes"]["service"]["StringValue"] == "glance"


@check
def queues_of_the_stack_exist(sqs):
    names = sorted(url.rsplit("/", 1)[1] for url in sqs.list_queues()["QueueUrls"])
    stack = ["Notification", "Usage", "Verified"]
    expected = [name + kind for name in stack for kind in ("DeadLetters", "Queue")]
    assert set(expected) <= set(names), names


def main(steward):
    failed = 0
    with stand_ins.started(steward) as addresses:
        sqs = boto3.client(
            "sqs",
            endpoint_url=addresses["SQS"],
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        for function in CHECKS:
            try:
                function(sqs)
                outcome = "ok    "
            except Exception as error:  # noqa: BLE001: a failing check is reported, and the others still run
                failed, outcome = failed + 1, f"FAILED ({type(error).__name__}: {error})"
            print(outcome, function.__name__.replace("_", " "))
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
