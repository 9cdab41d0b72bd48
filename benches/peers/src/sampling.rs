//! `opentelemetry_sdk`. A span that is not sampled reaches no processor, so there is none.

use std::hint::black_box;

use opentelemetry::{
    Context, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{Span, SpanContext, SpanKind, TraceContextExt, TraceState, Tracer, TracerProvider},
};
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, ShouldSample};

use bench_driver::{Make, Program, Repeat};

/// The works of `bench-ours`, by the same names.
const CASES: [(&str, Set); 5] = [
    ("decision: a rate of 5 % alone / opentelemetry_sdk, TraceIdRatioBased", ratio),
    ("the caller said no: begin, end / opentelemetry_sdk, ParentBased", caller_decided),
    ("the caller said no: decision alone / opentelemetry_sdk, ParentBased", caller_decided_alone),
    ("the rules said no: three subsegments / opentelemetry_sdk", || unsampled_request(false)),
    ("the rules said no: three subsegments / opentelemetry_sdk, asked first", || {
        unsampled_request(true)
    }),
];

const TRACE: u128 = 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793;
const PARENT: u64 = 0x5399_5c3f_42cd_8ad8;
const USER: &str = "user-4711";
const CHILDREN: [&str; 3] = ["payments", "database", "render"];

/// Runs an operation so many times.
type Run = Box<dyn FnMut(u64)>;

/// Sets an operation up.
type Set = fn() -> Run;

pub(crate) fn program() -> Program {
    let works = CASES.map(|(name, make)| {
        let make: Make = Box::new(move || Box::new(Repeat(make())));
        (name.to_owned(), make)
    });
    Program { version: None, works: works.into() }
}

fn repeat(mut operation: impl FnMut() + 'static) -> Run {
    Box::new(move |times| (0..times).for_each(|_| operation()))
}

fn ratio() -> Run {
    let sampler = Sampler::TraceIdRatioBased(0.05);
    let mut trace = TRACE;
    repeat(move || {
        // It decides by the id, so each request has another; making them up is not part of it.
        trace = trace.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        black_box(decide(&sampler, None, TraceId::from(trace)));
    })
}

fn caller_decided_alone() -> Run {
    let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
    let parent = caller();
    repeat(move || {
        black_box(decide(&sampler, Some(black_box(&parent)), TraceId::from(TRACE)));
    })
}

fn caller_decided() -> Run {
    let tracer = tracer(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)));
    repeat(move || {
        let mut span = server_span(&tracer);
        span.end();
        drop(black_box(span));
    })
}

/// A span and three children with two attributes each, which the sampler does not want. `asks_first`
/// is for code that looks whether a span records before it makes attributes.
fn unsampled_request(asks_first: bool) -> Run {
    let tracer = tracer(Sampler::AlwaysOff);
    repeat(move || {
        let context = Context::new().with_span(server_span(&tracer));
        for (number, name) in CHILDREN.into_iter().enumerate() {
            let mut child = tracer.start_with_context(black_box(name), &context);
            if !asks_first || child.is_recording() {
                child.set_attribute(KeyValue::new("user", black_box(USER).to_owned()));
                child.set_attribute(KeyValue::new("number", black_box(number as i64)));
            }
            child.end();
        }
        context.span().end();
        drop(black_box(context));
    })
}

fn server_span(tracer: &SdkTracer) -> opentelemetry_sdk::trace::Span {
    let builder = tracer.span_builder(black_box("orders")).with_kind(SpanKind::Server);
    tracer.build_with_context(builder, &caller())
}

/// The context of a caller that does not sample.
fn caller() -> Context {
    let (trace, span) = (TraceId::from(black_box(TRACE)), SpanId::from(black_box(PARENT)));
    let flags = TraceFlags::NOT_SAMPLED;
    let parent = SpanContext::new(trace, span, flags, true, TraceState::default());
    Context::new().with_remote_span_context(parent)
}

fn tracer(sampler: Sampler) -> SdkTracer {
    SdkTracerProvider::builder().with_sampler(sampler).build().tracer("orders")
}

fn decide(
    sampler: &Sampler,
    parent: Option<&Context>,
    trace: TraceId,
) -> opentelemetry_sdk::trace::SamplingResult {
    sampler.should_sample(parent, trace, black_box("orders"), &SpanKind::Server, &[], &[])
}
