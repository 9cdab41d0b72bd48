"""The recording script's driver for the official Python SDK: the twin of `--bin script`.

One JSON object per line on standard input, one per line on standard output, logs on standard error,
documents by UDP. What the SDK has no means for is answered with {"unsupported": true}; what it
refuses, by raising, is an error. The language is described in tests/README.md.
"""

import json
import logging
import sys

import aws_xray_sdk.core.sampling.sampler
from aws_xray_sdk.core.models.default_dynamic_naming import DefaultDynamicNaming
from aws_xray_sdk.core.models.trace_header import TraceHeader
from aws_xray_sdk.core.recorder import AWSXRayRecorder
from aws_xray_sdk.core.sampling.local.sampler import LocalSampler
from aws_xray_sdk.core.utils.search_pattern import wildcard_match
from aws_xray_sdk.ext.util import (
    calculate_sampling_decision,
    calculate_segment_name,
    inject_trace_header,
    prepare_response_header,
    strip_url,
)

# The sampler that recorders begin with. The usual one would make a client that asks the daemon,
# which takes long and which no script wants.
aws_xray_sdk.core.sampling.sampler.DefaultSampler = LocalSampler

OK = {"ok": True}
UNSUPPORTED = {"unsupported": True}

# The keys of each op: those that must be there, then those that may.
OPS = {
    "configure": (
        "",
        "service version daemon sampling rules streaming_threshold context_missing "
        "dynamic_naming plugins grace in_progress_after",
    ),
    "begin_segment": (
        "",
        "name header traceparent trace_id parent_id sampled host method path",
    ),
    "end_segment": ("", "end_time"),
    "begin_subsegment": ("name", "namespace sampled"),
    "end_subsegment": ("", "end_time"),
    "annotate": ("key value", ""),
    "metadata": ("key value", "namespace"),
    "http": ("", "request response"),
    "status": ("status", ""),
    "aws": ("fields", ""),
    "sql": ("fields", ""),
    "service": ("fields", ""),
    "user": ("value", ""),
    "origin": ("value", ""),
    "resource_arn": ("value", ""),
    "precursor": ("id", ""),
    "flag": ("", "fault error throttle"),
    "exception": ("key type message", "remote stack cause record"),
    "link": ("trace_id id", ""),
    "current": ("", ""),
    "downstream_header": ("", "traceparent"),
    "response_header": ("", ""),
    "parse_header": ("value", ""),
    "parse_traceparent": ("value", ""),
    "match": ("pattern text", ""),
    "name": ("pattern fallback host", ""),
    "scrub_sql": ("query", "database"),
    "scrub_url": ("url", ""),
    "sample": ("", "service host method path type at"),
    "stats": ("", ""),
    "flush": ("", "timeout"),
}


class Driver:
    def __init__(self):
        self.recorder = self.fresh(None)
        self.naming = None
        self.header = None
        self.exceptions = {}

    def fresh(self, rules):
        recorder = AWSXRayRecorder()
        if rules is not None:
            recorder.sampler = LocalSampler(rules)
        return recorder

    def obey(self, line):
        op = line.get("op")
        if not isinstance(op, str) or op not in OPS:
            raise ValueError(f"unknown op {op!r}")
        keys = {key: value for key, value in line.items() if key != "op"}
        required, optional = (words.split() for words in OPS[op])
        for key in required:
            if key not in keys:
                raise ValueError(f"{op} lacks {key}")
        for key in keys:
            if key not in required and key not in optional:
                raise ValueError(f"{op} has no key {key}")
        answer = getattr(self, op)(**keys)
        return OK if answer is None else answer

    # Recorder and context

    def configure(self, rules=None, service=None, daemon=None, **keys):
        recorder = self.fresh(rules)
        options = {
            key: keys[key]
            for key in ("sampling", "streaming_threshold", "context_missing", "plugins")
            if key in keys
        }
        # Without a name of its own, a segment is named by the service.
        recorder.configure(service=service or "unknown", daemon_address=daemon, **options)
        if "dynamic_naming" in keys:
            recorder.configure(dynamic_naming=keys["dynamic_naming"])
        self.recorder.clear_trace_entities()
        self.recorder = recorder
        self.exceptions = {}

    def begin_segment(self, name=None, header=None, trace_id=None, parent_id=None, **keys):
        if "traceparent" in keys:
            return UNSUPPORTED
        self.recorder.clear_trace_entities()
        self.header = TraceHeader.from_header_str(header)
        host = keys.get("host")
        name = name or calculate_segment_name(host, self.recorder)
        if keys.get("sampled") is not None and self.header.sampled not in (0, 1):
            decision = int(keys["sampled"])
        else:
            request = {
                "host": host,
                "method": keys.get("method"),
                "path": keys.get("path"),
                "service": name,
            }
            decision = calculate_sampling_decision(self.header, self.recorder, request)
        if self.header.root:
            trace_id, parent_id = self.header.root, self.header.parent
        segment = self.recorder.begin_segment(
            name=name, traceid=trace_id, parent_id=parent_id, sampling=int(decision)
        )
        segment.save_origin_trace_header(self.header)
        return {
            **OK,
            "trace_id": segment.trace_id,
            "id": segment.id,
            "sampled": segment.sampled,
        }

    def end_segment(self, end_time=None):
        self.recorder.end_segment(end_time)

    def begin_subsegment(self, name, namespace="local", sampled=True):
        if sampled:
            subsegment = self.recorder.begin_subsegment(name, namespace)
        else:
            subsegment = self.recorder.begin_subsegment_without_sampling(name)
        return {**OK, "id": subsegment.id if subsegment else None}

    def end_subsegment(self, end_time=None):
        self.recorder.end_subsegment(end_time)

    def open_entity(self):
        """The current entity, without the strategy for a missing one."""
        entities = getattr(self.recorder.context._local, "entities", None)
        return entities[-1] if entities else None

    def current(self):
        entity = self.open_entity()
        if entity is None:
            return {"kind": None}
        kind = "subsegment" if getattr(entity, "type", None) == "subsegment" else "segment"
        return {"kind": kind, "id": entity.id, "name": entity.name}

    # Setters: each asks for the entity in the way that obeys the strategy for a missing one.

    def entity(self):
        return self.recorder.get_trace_entity()

    def segment(self):
        return self.recorder.current_segment()

    def annotate(self, key, value):
        if isinstance(value, dict) and set(value) == {"$float"}:
            value = float(value["$float"])
        self.recorder.put_annotation(key, value)

    def metadata(self, key, value, namespace="default"):
        self.recorder.put_metadata(key, value, namespace)

    def http(self, request=None, response=None):
        entity = self.entity()
        for key, value in {**(request or {}), **(response or {})}.items():
            if entity:
                entity.put_http_meta(key, value)

    def status(self, status):
        entity = self.entity()
        if entity:
            entity.put_http_meta("status", status)

    def aws(self, fields):
        entity = self.entity()
        if entity:
            entity.set_aws({**entity.aws, **fields})

    def sql(self, fields):
        entity = self.entity()
        if entity and hasattr(entity, "set_sql"):
            entity.set_sql({**entity.sql, **fields})
        elif entity:
            return UNSUPPORTED

    def service(self, fields):
        segment = self.segment()
        if segment:
            segment.set_service({**getattr(segment, "service", {}), **fields})

    def user(self, value):
        segment = self.segment()
        if segment:
            segment.set_user(value)

    def flag(self, **flags):
        if not all(flags.values()):
            return UNSUPPORTED
        entity = self.entity()
        for flag in flags:
            if entity:
                getattr(entity, f"add_{flag}_flag")()

    def exception(self, key, message, remote=False, stack=None, cause=None, record=True, **keys):
        if cause is not None and cause not in self.exceptions:
            raise ValueError(f"no exception {cause!r}")
        if key not in self.exceptions:
            self.exceptions[key] = type(keys["type"], (Exception,), {})(message)
        if record is False:
            return
        frames = [(frame["path"], frame["line"], frame["label"]) for frame in stack or []]
        entity = self.entity()
        if entity:
            entity.add_exception(self.exceptions[key], frames, remote)

    # Headers

    def downstream_header(self, traceparent=False):
        if traceparent:
            return UNSUPPORTED
        headers = {}
        inject_trace_header(headers, self.entity())
        return {"value": next(iter(headers.values()), None)}

    def response_header(self):
        segment = self.segment()
        if not segment:
            return {"value": None}
        return {"value": prepare_response_header(self.header, segment)}

    def parse_header(self, value):
        header = TraceHeader.from_header_str(value)
        return {
            "root": header.root,
            "parent": header.parent,
            "sampled": {0: False, 1: True}.get(header.sampled, header.sampled),
            "data": header.data or {},
        }

    # Questions

    def match(self, pattern, text):
        return {"match": wildcard_match(pattern, text)}

    def name(self, pattern, fallback, host):
        return {"name": DefaultDynamicNaming(pattern, fallback).get_name(host)}

    def scrub_url(self, url):
        return {"url": strip_url(url)}

    def sample(self, **request):
        if "at" in request:
            return UNSUPPORTED
        if not self.recorder.sampling:
            return {"sampled": True, "rule": None}
        return {"sampled": bool(self.recorder.sampler.should_trace(request)), "rule": None}

    def unsupported(self, **_):
        return UNSUPPORTED

    origin = resource_arn = precursor = link = unsupported
    parse_traceparent = scrub_sql = stats = flush = unsupported


def answer(driver, line):
    try:
        line = json.loads(line.decode("utf-8"))
        if not isinstance(line, dict):
            raise ValueError("no object")
        return driver.obey(line)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    driver = Driver()
    for line in sys.stdin.buffer:
        if line.strip():
            print(json.dumps(answer(driver, line)), flush=True)


main()
