//! What the client's layer records of calls through a tonic channel, and how client and server join.

use std::time::Duration;

use futures_util::stream;
use serde_json::{Value, json};
use tonic::{Code, Request, codec::CompressionEncoding, transport::Endpoint};
use tower::ServiceBuilder;
use xray_core::testing::{MemoryEmitter, Trees};
use xray_tower::{Recorder, XRayClientLayer};

use crate::{
    echo::{Caller, read, refuse, say},
    server::{CODES, ended},
    support::{DEADLINE, Recorded, recorded, recorder, settled},
};

/// The service that calls.
struct Web {
    xray: Recorder,
    memory: MemoryEmitter,
}

fn web() -> Web {
    let (xray, memory) = recorder("web");
    Web { xray, memory }
}

impl Web {
    /// Runs calls in a segment, and gives its one document, which nothing has to be waited for.
    async fn serve(&self, work: impl Future<Output = ()>) -> Value {
        let segment = self.xray.segment("web").sampled(true).begin();
        segment.scope(work).await;
        segment.end();
        let memory = self.memory.clone();
        let wait = tokio::task::spawn_blocking(move || memory.wait(1, DEADLINE));
        let mut documents = wait.await.unwrap();
        assert_eq!(documents.len(), 1, "{documents:#?}");
        documents.remove(0)
    }
}

/// The settled document of a segment with one call.
fn called(method: &str, response: &Value, more: &Value) -> Value {
    let mut call = json!({
        "name": "shop.test",
        "namespace": "remote",
        "http": {
            "request": {
                "method": "POST",
                "url": format!("grpc://shop.test:81/shop.Echo/{method}"),
            },
            "response": response,
        },
    });
    if response.is_null() {
        call["http"].as_object_mut().unwrap().remove("response");
    }
    call.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    json!({"name": "web", "subsegments": [call]})
}

fn answered(content_length: u64) -> Value {
    json!({"status": 200, "content_length": content_length})
}

/// The one call of a document, and the segment that serves it: one trace, and one the parent of the other.
async fn join(document: &Value, recorded: &Recorded) -> Trees {
    let memory = recorded.memory.clone();
    let wait = tokio::task::spawn_blocking(move || memory.wait(1, DEADLINE));
    let served = wait.await.unwrap();
    assert_eq!(served.len(), 1);
    assert_eq!(served[0]["trace_id"], document["trace_id"]);
    assert_eq!(served[0]["parent_id"], document["subsegments"][0]["id"]);
    Trees::of(&[document.clone(), served[0].clone()])
}

#[tokio::test]
async fn each_kind_of_call_joins_the_segment_that_serves_it() {
    let (recorded, web) = (recorded(), web());
    let mut caller = recorded.serving.traced_caller();
    let both = || stream::iter([say("one"), say("two")]);
    let tree = "web\n  shop.test (remote)\n    shop\n";

    let document = web.serve(async { drop(caller.unary(say("hello")).await.unwrap()) }).await;
    assert_eq!(join(&document, &recorded).await.to_string(), tree);
    assert_eq!(settled(document), called("Unary", &answered(7), &Value::Null));

    let document = web.serve(async { drop(caller.client_stream(both()).await.unwrap()) }).await;
    assert_eq!(join(&document, &recorded).await.to_string(), tree);
    assert_eq!(settled(document), called("ClientStream", &answered(8), &Value::Null));

    let words =
        async { read(caller.server_stream(say("one two")).await.unwrap()).await.1.unwrap() };
    let document = web.serve(words).await;
    assert_eq!(join(&document, &recorded).await.to_string(), tree);
    assert_eq!(settled(document), called("ServerStream", &answered(10), &Value::Null));

    let words = async { read(caller.bidirectional(both()).await.unwrap()).await.1.unwrap() };
    let document = web.serve(words).await;
    assert_eq!(join(&document, &recorded).await.to_string(), tree);
    assert_eq!(settled(document), called("Bidirectional", &answered(10), &Value::Null));
}

#[tokio::test]
async fn a_stream_is_open_until_its_end() {
    let (recorded, web) = (recorded(), web());
    let mut caller = recorded.serving.traced_caller();
    let segment = web.xray.segment("web").sampled(true).begin();
    let (ask, asked) = tokio::sync::mpsc::channel(1);
    let asked = tokio_stream::wrappers::ReceiverStream::new(asked);
    let mut words = segment.scope(caller.bidirectional(asked)).await.unwrap();
    // It waits for the call.
    segment.end();
    ask.send(say("one")).await.unwrap();
    assert_eq!(words.message().await.unwrap().unwrap().text, "one");
    assert!(web.memory.take().is_empty());
    drop(ask);
    assert_eq!(words.message().await.unwrap(), None);
    let document = web.memory.wait(1, DEADLINE).remove(0);
    assert_eq!(settled(document), called("Bidirectional", &answered(5), &Value::Null));
}

#[tokio::test]
async fn every_code() {
    let (recorded, web) = (recorded(), web());
    let mut caller = recorded.serving.traced_caller();
    for (code, name, flags) in CODES {
        let refused = async {
            let status = caller.unary(refuse(code, "50 % ü")).await.unwrap_err();
            assert_eq!((status.code(), status.message()), (code, "50 % ü"));
        };
        let expected = called("Unary", &answered(0), &ended(name, flags, "50 % ü"));
        assert_eq!(settled(web.serve(refused).await), expected);

        let refused = async {
            let words = caller.server_stream(refuse(code, "one two")).await.unwrap();
            assert_eq!(read(words).await.1.unwrap_err().code(), code);
        };
        let expected = called("ServerStream", &answered(10), &ended(name, flags, "that is all"));
        assert_eq!(settled(web.serve(refused).await), expected);
    }
}

#[tokio::test]
async fn compressed() {
    let (recorded, web) = (recorded(), web());
    let mut caller = recorded.serving.traced_caller();
    caller.0 = caller.0.accept_compressed(CompressionEncoding::Gzip);
    let long = "long ".repeat(1000);
    let document = web
        .serve(async {
            assert_eq!(caller.unary(say(&long)).await.unwrap().into_inner().text, long);
        })
        .await;
    let length = &document["subsegments"][0]["http"]["response"]["content_length"];
    let length = length.as_u64().unwrap();
    assert!((20..500).contains(&length), "{length} of 5000 bytes");
    assert_eq!(settled(document), called("Unary", &answered(length), &Value::Null));
}

fn given_up(what: &str) -> Value {
    let message = format!("the caller gave up before {what}");
    json!({"error": true, "cause": {"exceptions": [{"type": "Canceled", "message": message}]}})
}

#[tokio::test]
async fn closes_when_the_caller_gives_up() {
    let (recorded, web) = (recorded(), web());
    let mut caller = recorded.serving.traced_caller();
    let document = web
        .serve(async {
            tokio::select! {
                _ = caller.unary(say("hang")) => unreachable!("it hangs"),
                () = recorded.echo.hangs.notified() => {}
            }
        })
        .await;
    let expected = called("Unary", &Value::Null, &given_up("the response came"));
    assert_eq!(settled(document), expected);

    let document = web
        .serve(async {
            let mut words = caller.server_stream(say("one hang two")).await.unwrap();
            assert_eq!(words.message().await.unwrap().unwrap().text, "one");
        })
        .await;
    let given_up = given_up("the call was complete");
    assert_eq!(settled(document), called("ServerStream", &json!({"status": 200}), &given_up));
}

#[tokio::test]
async fn a_deadline_that_passes_is_a_fault() {
    let (recorded, web) = (recorded(), web());
    let mut caller = recorded.serving.traced_caller();
    let document = web
        .serve(async {
            let mut hang = Request::new(say("hang"));
            hang.set_timeout(Duration::from_millis(200));
            caller.unary(hang).await.unwrap_err();
        })
        .await;
    let expired = json!([
        {"type": "tonic::transport::error::Error", "message": "transport error"},
        {"type": "TimeoutExpired", "message": "Timeout expired"},
    ]);
    let more = json!({"fault": true, "cause": {"exceptions": expired}});
    assert_eq!(settled(document), called("Unary", &Value::Null, &more));
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let web = web();
    // A port that was free a moment ago.
    let gone = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let channel = Endpoint::from_shared(format!("http://{gone}")).unwrap().connect_lazy();
    let channel = ServiceBuilder::new().layer(XRayClientLayer::new()).service(channel);
    let mut caller = Caller::with_origin(channel, "http://shop.test:81");
    let document = web
        .serve(async {
            assert_eq!(caller.unary(say("hello")).await.unwrap_err().code(), Code::Unavailable);
        })
        .await;
    let exceptions = &document["subsegments"][0]["cause"]["exceptions"];
    assert_eq!(exceptions[0]["type"], "tonic::transport::error::Error");
    assert!(exceptions.to_string().contains("refused"), "{exceptions}");
    let mut document = settled(document);
    document["subsegments"][0].as_object_mut().unwrap().remove("cause");
    assert_eq!(document, called("Unary", &Value::Null, &json!({"fault": true})));
}

#[tokio::test]
async fn a_server_that_breaks_off() {
    let (recorded, web) = (recorded(), web());
    let mut caller = recorded.serving.traced_caller();
    let document = web
        .serve(async {
            let words = caller.server_stream(say("one panic")).await.unwrap();
            read(words).await.1.unwrap_err();
        })
        .await;
    let exceptions = &document["subsegments"][0]["cause"]["exceptions"];
    assert_eq!(exceptions[0]["type"], "tonic::status::Status");
    let mut document = settled(document);
    document["subsegments"][0].as_object_mut().unwrap().remove("cause");
    let expected = called("ServerStream", &json!({"status": 200}), &json!({"fault": true}));
    assert_eq!(document, expected);
}

#[tokio::test]
async fn requests_that_do_not_say_where_they_go() {
    let (recorded, web) = (recorded(), web());
    let call = async |layer: XRayClientLayer| {
        let channel = ServiceBuilder::new().layer(layer).service(recorded.serving.channel());
        let mut caller = Caller::new(channel);
        let document = web.serve(async { drop(caller.unary(say("hello")).await.unwrap()) }).await;
        settled(document)
    };
    let layer = || XRayClientLayer::new();
    let expected = called("Unary", &answered(7), &Value::Null);
    assert_eq!(call(layer().authority("shop.test:81")).await, expected);

    let mut expected = called("Unary", &answered(7), &Value::Null);
    expected["subsegments"][0]["name"] = json!("UNKNOWN HOST");
    expected["subsegments"][0]["http"]["request"]["url"] = json!("/shop.Echo/Unary");
    assert_eq!(call(layer()).await, expected);
}

#[tokio::test]
async fn not_sampled() {
    let (recorded, web) = (recorded(), web());
    let mut caller = recorded.serving.traced_caller();
    let segment = web.xray.segment("web").sampled(false).begin();
    let refused = caller.unary(refuse(Code::Internal, "no"));
    segment.scope(refused).await.unwrap_err();
    segment.end();
    assert!(web.xray.flush(DEADLINE));
    assert!(web.memory.take().is_empty());
    // The server was told.
    assert!(recorded.memory.take().is_empty());
}

#[tokio::test]
async fn outside_of_a_segment() {
    let recorded = recorded();
    recorded.serving.traced_caller().unary(say("hello")).await.unwrap();
    let document = recorded.document().await;
    assert!(document.get("parent_id").is_none());
}
