"""Decides a hundred times a second by the rules that the daemon gives the official Python SDK.

Usage: sampler.py SERVICE DAEMON_ADDRESS

Each second it prints {"second", "requests", "sampled"}; it ends when its standard input closes. Its twin for
the Rust SDK is tests/src/bin/sampler.rs.
"""

import json
import sys
import threading
import time

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.sampling.sampler import DefaultSampler

service, daemon = sys.argv[1:]
sampler = DefaultSampler()
sampler.load_local_rules({"version": 2, "default": {"fixed_target": 0, "rate": 0}})
xray_recorder.configure(service=service, daemon_address=daemon, sampler=sampler)

ended = threading.Event()


def wait_for_the_end():
    sys.stdin.read()
    ended.set()


threading.Thread(target=wait_for_the_end, daemon=True).start()
second, requests, sampled = int(time.time()), 0, 0
while not ended.is_set():
    now = int(time.time())
    if now != second:
        print(json.dumps({"second": second, "requests": requests, "sampled": sampled}), flush=True)
        second, requests, sampled = now, 0, 0
    requests += 1
    if sampler.should_trace({"service": service}):
        sampled += 1
    time.sleep(0.01)
