//! `shop.Echo`, with a method of each kind, written by hand so that nobody needs `protoc`.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt, stream};
use http::uri::PathAndQuery;
use tokio::sync::Notify;
use tonic::{
    Code, Request, Response, Status, Streaming, body::Body, client, codec::CompressionEncoding,
    server, server::NamedService,
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// What is asked and answered. `text` may say what is to happen: `hang`, `panic`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Say {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
    /// The code to end with, once this is answered.
    #[prost(int32, tag = "2")]
    pub(crate) code: i32,
}

pub(crate) fn say(text: &str) -> Say {
    Say { text: text.to_owned(), code: 0 }
}

pub(crate) fn refuse(code: Code, message: &str) -> Say {
    Say { text: message.to_owned(), code: code as i32 }
}

pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
pub(crate) type Saying = Pin<Box<dyn Stream<Item = Result<Say, Status>> + Send>>;

#[derive(Clone, Default)]
pub(crate) struct Echo {
    /// A call hangs.
    pub(crate) hangs: Arc<Notify>,
}

impl Echo {
    async fn answer(&self, say: Say) -> Result<Say, Status> {
        match say.text.as_str() {
            "hang" => {
                self.hangs.notify_one();
                std::future::pending().await
            }
            "panic" => panic!("kaboom"),
            _ if say.code != 0 => Err(Status::new(Code::from_i32(say.code), say.text)),
            _ => Ok(say),
        }
    }

    async fn join(&self, mut all: Streaming<Say>) -> Result<Say, Status> {
        let mut text = String::new();
        while let Some(one) = all.next().await {
            text += &self.answer(one?).await?.text;
        }
        Ok(say(&text))
    }

    fn each(&self, all: impl Stream<Item = Result<Say, Status>> + Send + 'static) -> Saying {
        let echo = self.clone();
        Box::pin(all.then(move |one| {
            let echo = echo.clone();
            async move { echo.answer(one?).await }
        }))
    }

    /// Asked for one with spaces, it gives a stream of its words.
    fn words(&self, asked: &Say) -> Saying {
        let words: Vec<_> = asked.text.split(' ').map(say).map(Ok).collect();
        let refusal = (asked.code != 0).then(|| Ok(Say { text: "that is all".into(), ..*asked }));
        self.each(stream::iter(words.into_iter().chain(refusal)))
    }
}

impl NamedService for Echo {
    const NAME: &'static str = "shop.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Boxed<Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let echo = self.clone();
        Box::pin(async move {
            let mut grpc = server::Grpc::new(ProstCodec::<Say, Say>::default())
                .accept_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Gzip);
            let method = request.uri().path().strip_prefix("/shop.Echo/").unwrap_or_default();
            Ok(match method {
                "Unary" => {
                    let unary = |asked: Request<Say>| {
                        let echo = echo.clone();
                        async move { echo.answer(asked.into_inner()).await.map(Response::new) }
                    };
                    grpc.unary(service_fn(unary), request).await
                }
                "ClientStream" => {
                    let join = |asked: Request<Streaming<Say>>| {
                        let echo = echo.clone();
                        async move { echo.join(asked.into_inner()).await.map(Response::new) }
                    };
                    grpc.client_streaming(service_fn(join), request).await
                }
                "ServerStream" => {
                    let words = |asked: Request<Say>| {
                        let echo = echo.clone();
                        async move { Ok::<_, Status>(Response::new(echo.words(asked.get_ref()))) }
                    };
                    grpc.server_streaming(service_fn(words), request).await
                }
                "Bidirectional" => {
                    let each = |asked: Request<Streaming<Say>>| {
                        let echo = echo.clone();
                        async move { Ok::<_, Status>(Response::new(echo.each(asked.into_inner()))) }
                    };
                    grpc.streaming(service_fn(each), request).await
                }
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

/// Calls `shop.Echo` through any channel.
#[derive(Clone)]
pub(crate) struct Caller<C>(pub(crate) client::Grpc<C>);

impl<C> Caller<C>
where
    C: client::GrpcService<Body>,
    C::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    C::Error: std::fmt::Display,
{
    pub(crate) fn new(channel: C) -> Self {
        Self(client::Grpc::new(channel))
    }

    pub(crate) fn with_origin(channel: C, origin: &'static str) -> Self {
        Self(client::Grpc::with_origin(channel, origin.parse().unwrap()))
    }

    async fn ready(&mut self) {
        assert!(self.0.ready().await.is_ok(), "the channel is ready");
    }

    pub(crate) async fn unary(
        &mut self,
        asked: impl tonic::IntoRequest<Say>,
    ) -> Result<Response<Say>, Status> {
        self.ready().await;
        self.0.unary(asked.into_request(), path("Unary"), codec()).await
    }

    pub(crate) async fn client_stream(
        &mut self,
        asked: impl tonic::IntoStreamingRequest<Message = Say>,
    ) -> Result<Say, Status> {
        self.ready().await;
        let asked = asked.into_streaming_request();
        let answer = self.0.client_streaming(asked, path("ClientStream"), codec()).await;
        answer.map(Response::into_inner)
    }

    pub(crate) async fn server_stream(&mut self, asked: Say) -> Result<Streaming<Say>, Status> {
        self.ready().await;
        let asked = Request::new(asked);
        let answer = self.0.server_streaming(asked, path("ServerStream"), codec()).await;
        answer.map(Response::into_inner)
    }

    pub(crate) async fn bidirectional(
        &mut self,
        asked: impl tonic::IntoStreamingRequest<Message = Say>,
    ) -> Result<Streaming<Say>, Status> {
        self.ready().await;
        let asked = asked.into_streaming_request();
        let answer = self.0.streaming(asked, path("Bidirectional"), codec()).await;
        answer.map(Response::into_inner)
    }

    pub(crate) async fn missing_method(&mut self) -> Result<Response<Say>, Status> {
        self.ready().await;
        self.0.unary(Request::new(say("")), path("Missing"), codec()).await
    }
}

fn codec() -> ProstCodec<Say, Say> {
    ProstCodec::default()
}

fn path(method: &str) -> PathAndQuery {
    format!("/shop.Echo/{method}").parse().unwrap()
}

/// Reads a stream to its end: the words, and how it ended.
pub(crate) async fn read(mut stream: Streaming<Say>) -> (Vec<String>, Result<(), Status>) {
    let mut words = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(word)) => words.push(word.text),
            Ok(None) => return (words, Ok(())),
            Err(status) => return (words, Err(status)),
        }
    }
}
