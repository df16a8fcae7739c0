"""The loop that Lambda's own runtime for Python runs, without what it does for logs."""

import http.client
import importlib
import json
import os
import sys
from types import SimpleNamespace

API = "/2018-06-01/runtime/invocation"


def main(module):
    handler = importlib.import_module(module).handler
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", f"{API}/next")
        response = api.getresponse()
        event = json.loads(response.read())
        request_id = response.headers["lambda-runtime-aws-request-id"]
        context = SimpleNamespace(
            aws_request_id=request_id,
            function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
            function_version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
            invoked_function_arn=response.headers["lambda-runtime-invoked-function-arn"],
            memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        )
        answer = json.dumps(handler(event, context)).encode()
        api.request("POST", f"{API}/{request_id}/response", answer)
        api.getresponse().read()


main(sys.argv[1])
