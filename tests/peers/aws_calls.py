"""Twelve calls through boto3 under the official Python SDK, for tests/aws.

Usage: aws_calls.py ENDPOINT DAEMON_ADDRESS

Makes the calls of tests/aws/official.rs, in its order, inside one segment that leaves by UDP.
"""

import sys

import boto3
from aws_xray_sdk.core import patch, xray_recorder
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, daemon = sys.argv[1:]
patch(["botocore"])
xray_recorder.configure(service="orders", sampling=False, daemon_address=daemon)


def client(service, **config):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(**config),
    )


dynamodb, sqs, sns, function = map(client, ["dynamodb", "sqs", "sns", "lambda"])
s3 = client("s3", s3={"addressing_style": "path"})
queue = f"{endpoint}/123456789012/q"

with xray_recorder.in_segment("orders"):
    dynamodb.put_item(TableName="t", Item={"id": {"S": "1"}}, ReturnConsumedCapacity="TOTAL")
    dynamodb.query(
        TableName="t",
        ConsistentRead=True,
        KeyConditionExpression="id = :id",
        ExpressionAttributeValues={":id": {"S": "1"}},
        Limit=5,
        ScanIndexForward=False,
        Select="COUNT",
    )
    dynamodb.batch_get_item(
        RequestItems={"t": {"Keys": [{"id": {"S": "1"}}]}}, ReturnConsumedCapacity="TOTAL"
    )
    dynamodb.list_tables(Limit=10)
    s3.put_object(Bucket="bucket", Key="a/k", Body=b"{}")
    try:
        s3.get_object(Bucket="bucket", Key="none")
    except ClientError:
        pass
    s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/a/k")
    sqs.get_queue_url(QueueName="q", QueueOwnerAWSAccountId="123456789012")
    attribute = {"DataType": "String", "StringValue": "v"}
    sqs.send_message(
        QueueUrl=queue, MessageBody="m", DelaySeconds=0, MessageAttributes={"kind": attribute}
    )
    sqs.receive_message(
        QueueUrl=queue,
        AttributeNames=["All"],
        MaxNumberOfMessages=3,
        MessageAttributeNames=["All"],
        VisibilityTimeout=5,
        WaitTimeSeconds=1,
    )
    sns.publish(TopicArn="arn:aws:sns:eu-west-1:123456789012:topic", Message="m")
    function.invoke(
        FunctionName="f", InvocationType="RequestResponse", LogType="None", Payload=b"{}"
    )
