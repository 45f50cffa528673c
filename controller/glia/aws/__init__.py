"""The gateway to AWS: beside the sandbox, the only folder that knows boto3."""
