"""A queue that hears what a topic says."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import boto3

TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:ecom-alerts"
QUIET_CARTS_ARN = "arn:aws:sns:us-east-1:000000000000:ecom-quiet-carts"


@dataclass
class Inbox:
    """What was told since it was opened; of alerts, unless another topic is named."""

    url: str
    received: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def opened(cls, topic_arn: str = TOPIC_ARN) -> "Inbox":
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName=f"inbox-{uuid.uuid4()}")["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        queue_arn = answer["Attributes"]["QueueArn"]
        sender = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}
        grant = {**sender, "Action": "sqs:SendMessage", "Resource": queue_arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        boto3.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)
        return cls(url)

    def messages(self, *, wait_seconds: int = 0) -> list[dict[str, Any]]:
        """All of them so far; an empty queue is waited for."""
        sqs = boto3.client("sqs")
        while found := sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds
        ).get("Messages", []):
            wait_seconds = 0
            for each in found:
                self.received.append(json.loads(json.loads(each["Body"])["Message"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
        return self.received
