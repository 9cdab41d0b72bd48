"""moto's stand-in of AWS, for tests/relay.rs and tests/aws.

Usage: moto_app.py

Binds a free port and prints {"port": N}. Ends when its standard input closes, so that it cannot
outlive the test that started it.
"""

import json
import logging
import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def end_with_the_test():
    """Waits for the end of standard input."""
    sys.stdin.buffer.read()
    os._exit(0)


logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
threading.Thread(target=end_with_the_test, daemon=True).start()
app = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, app, threaded=True)
print(json.dumps({"port": server.port}), flush=True)
server.serve_forever()
