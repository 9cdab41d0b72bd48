"""The official Python SDK as a peer. Reads lines "TIMES<tab>WORK", does the work so many times and
answers with the nanoseconds it took. The work is named as in src/cases/mod.rs, the rules are those of
src/cases/many.rs. Nothing is asked of a network: the sampler is told that its pollers run."""

import sys
import time
from importlib.metadata import version

from aws_xray_sdk.core import AWSXRayRecorder
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


WORKS = {
    "decision: 50 rules, hosts differ, no": lambda: hosts(0, NEVER),
    "decision: 50 rules, hosts differ, yes": lambda: hosts(0, ALWAYS),
    "decision: 50 rules, paths differ, no": lambda: paths(0, NEVER),
    "decision: 50 rules, paths differ, yes": lambda: paths(0, ALWAYS),
    "decision: 50 rules, reservoir used up, no": lambda: hosts(1, NEVER),
    "decision: a rate of 5 % alone": lambda: decide(default(0.05), "service.example.com", "/orders/4711"),
    "the caller said no: begin, end": caller_decided,
    "unsampled request": unsampled_request,
}


def main():
    # Names first, so that whoever asks knows what it can ask for.
    print(f"Python {sys.version.split()[0]}, aws-xray-sdk {version('aws-xray-sdk')}", flush=True)
    print("\t".join(WORKS), flush=True)
    made = {}
    for line in sys.stdin:
        times, name = line.rstrip("\n").split("\t")
        if name not in made:
            made[name] = WORKS[name]()
        work = made[name]
        rounds = range(int(times))
        begin = time.perf_counter_ns()
        for _ in rounds:
            work()
        print(time.perf_counter_ns() - begin, flush=True)


if __name__ == "__main__":
    main()
