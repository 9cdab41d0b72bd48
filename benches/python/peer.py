"""The official Python SDK as a contender: one traced request, as driver/src/item.rs and ours/src/request.rs
have it, and the sampling decisions of ours/src/sampling. It speaks the protocol of driver/src/serve.rs. Nothing is
asked of a network for sampling: the sampler is told that its pollers run."""

import itertools
import json
import sys
import time
from importlib.metadata import version

from aws_xray_sdk.core import AWSXRayRecorder
from aws_xray_sdk.core.models import http
from aws_xray_sdk.core.sampling.sampler import DefaultSampler
from aws_xray_sdk.core.sampling.sampling_rule import SamplingRule

RULES = 50
NEVER = 1e-12
ALWAYS = 1.0 - NEVER


def sampler(rules):
    found = DefaultSampler()
    found._started = True
    found._cache.load_rules(rules)
    found._cache.last_updated = int(time.time())
    return found


def rule(number, host, path, reservoir, rate):
    return SamplingRule(
        name=f"rule {number:02}", priority=number + 1, rate=rate, reservoir_size=reservoir,
        host=host, method="*", path=path, service="*", service_type="*")


def decision(host, path, reservoir, rate):
    rules = [rule(n, host(n), f"{path(n)}*", reservoir, rate) for n in range(RULES)]
    return decide(sampler(rules), host(RULES - 1), f"{path(RULES - 1)}4711")


def decide(sampler, host, path):
    def work():
        sampler.should_trace({"host": host, "method": "GET", "path": path, "service": "orders"})
    return work


def hosts(reservoir, rate):
    return decision(lambda n: f"service-{n:02}.example.com", lambda n: "/orders/", reservoir, rate)


def paths(reservoir, rate):
    return decision(lambda n: "service.example.com", lambda n: f"/orders-{n:02}/", reservoir, rate)


def default(rate):
    only = SamplingRule(name="Default", priority=10000, rate=rate, reservoir_size=0,
                        host="*", method="*", path="*", service="*", service_type="*")
    return sampler([only])


def recorder():
    made = AWSXRayRecorder()
    made.sampler = default(0.0)
    made.configure(service="orders", sampling=True, plugins=())
    return made


TRACE, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"


def caller_decided():
    xray = recorder()

    def work():
        xray.begin_segment("orders", traceid=TRACE, parent_id=PARENT, sampling=0)
        xray.end_segment()
    return work


def unsampled_request():
    xray = recorder()

    def work():
        xray.begin_segment("orders", traceid=TRACE, parent_id=PARENT)
        for number, name in enumerate(("payments", "database", "render")):
            child = xray.begin_subsegment(name)
            child.put_annotation("user", "user-4711")
            child.put_annotation("number", number)
            xray.end_subsegment()
        xray.end_segment()
    return work


REQUEST_POOL = 256


def items():
    now = int(time.time())

    def item(number):
        spread = (number + 1) * 0x9E3779B97F4A7C15 % 2**64
        return {
            "trace": f"1-{now:08x}-{(spread << 32 | number) % 2**96:024x}",
            "parent": f"{spread | 1:016x}",
            "url": f"https://shop.example.com/orders/{number:05}/items/{spread % 10000:04}",
            "user_agent": f"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/{20100101 + number}",
            "remote_url": f"https://payments.example.com/v1/charges/{spread:016x}",
            "database_url": f"postgresql://db-{number % 64:02}.internal:5432/orders",
            "customer": f"customer-{spread % 1000000:06}",
            "shard": f"shard-{spread % 1000:03}",
            "template": f"order-{number:04}",
            "attempt": number % 3,
            "rows": spread % 100,
            "cached": number % 2 == 0,
        }
    return [item(number) for number in range(REQUEST_POOL)]


def traced_request(sampling):
    xray = recorder()
    pool = itertools.cycle(items())

    def work():
        item = next(pool)
        segment = xray.begin_segment(
            "orders", traceid=item["trace"], parent_id=item["parent"], sampling=sampling)
        segment.put_http_meta(http.METHOD, "GET")
        segment.put_http_meta(http.URL, item["url"])
        segment.put_http_meta(http.USER_AGENT, item["user_agent"])

        call = xray.begin_subsegment("payments.example.com", namespace="remote")
        call.put_http_meta(http.METHOD, "POST")
        call.put_http_meta(http.URL, item["remote_url"])
        call.put_annotation("customer", item["customer"])
        call.put_annotation("attempt", item["attempt"])
        call.put_http_meta(http.STATUS, 201)
        xray.end_subsegment()

        query = xray.begin_subsegment("orders@db.internal", namespace="remote")
        query.set_sql({
            "url": item["database_url"], "database_type": "PostgreSQL", "user": "orders",
            "sanitized_query": "SELECT id, state, total FROM orders WHERE id = $1"})
        query.put_annotation("shard", item["shard"])
        query.put_annotation("rows", item["rows"])
        xray.end_subsegment()

        render = xray.begin_subsegment("render")
        render.put_annotation("template", item["template"])
        render.put_annotation("cached", item["cached"])
        xray.end_subsegment()

        segment.put_http_meta(http.STATUS, 200)
        xray.end_segment()
    return work


WORKS = {
    "decision: 50 rules, hosts differ, no": lambda: hosts(0, NEVER),
    "decision: 50 rules, hosts differ, yes": lambda: hosts(0, ALWAYS),
    "decision: 50 rules, paths differ, no": lambda: paths(0, NEVER),
    "decision: 50 rules, paths differ, yes": lambda: paths(0, ALWAYS),
    "decision: 50 rules, reservoir used up, no": lambda: hosts(1, NEVER),
    "decision: a rate of 5 % alone": lambda: decide(default(0.05), "service.example.com", "/orders/4711"),
    "the caller said no: begin, end": caller_decided,
    "the rules said no: three subsegments": unsampled_request,
    "sampled": lambda: traced_request(1),
    "unsampled": lambda: traced_request(0),
}


def main():
    # Names first, so that whoever asks knows what it can ask for.
    print(f"Python {sys.version.split()[0]}, aws-xray-sdk {version('aws-xray-sdk')}", flush=True)
    print("\t".join(WORKS), flush=True)
    made = {}
    for line in sys.stdin:
        measure, name, times, _ = line.rstrip("\n").split("\t")
        if name not in made:
            made[name] = WORKS[name]()
        work, times = made[name], int(times)
        clock = time.thread_time_ns if measure == "caller" else time.process_time_ns
        cpu, wall = clock(), time.perf_counter_ns()
        for _ in range(times):
            work()
        cpu, wall = clock() - cpu, time.perf_counter_ns() - wall
        answer = {"operations": times, "total": cpu, "cpu_ns": cpu, "wall_ns": wall, "lost": 0}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
