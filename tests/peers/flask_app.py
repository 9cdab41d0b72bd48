"""A Flask app recorded by the official Python SDK, for tests/official_sdks.rs.

Usage: flask_app.py DAEMON_ADDRESS

Binds a free port and prints {"port": N}. Ends when its standard input closes, so that it cannot
outlive the test that started it.
"""

import json
import os
import sys
import threading

import requests
from aws_xray_sdk.core import patch, xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

xray_recorder.configure(
    service="flask-app",
    daemon_address=sys.argv[1],
    sampling=False,  # records every request, without asking anyone
    context_missing="RUNTIME_ERROR",  # a lost context is a failed test, not a log line
)
patch(("requests",))

app = Flask(__name__)
XRayMiddleware(app, xray_recorder)


@app.get("/direct")
def direct():
    """Answers at once, with the header it was called with."""
    return jsonify({"from": "flask", "header": request.headers.get("X-Amzn-Trace-Id")})


@app.get("/call")
def call():
    """Calls the given URL and hands its answer on."""
    answer = requests.get(request.args["url"], timeout=20)
    return answer.text, answer.status_code


def end_with_the_test():
    """Waits for the end of standard input."""
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_the_test, daemon=True).start()
server = make_server("127.0.0.1", 0, app, threaded=True)
print(json.dumps({"port": server.port}), flush=True)
server.serve_forever()
