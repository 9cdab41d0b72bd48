use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering},
    thread,
};

use http_body_util::{BodyExt, Full, combinators::WithTrailers};
use hyper::{
    HeaderMap, Request, Response,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use crate::Counts;

/// A gRPC message without a byte in it, as an empty answer is.
const EMPTY: &[u8] = &[0; 5];

#[derive(Clone, Copy)]
enum Road {
    Http,
    Grpc,
}

/// Takes exports on a thread of its own; gives the addresses for HTTP and for gRPC.
pub(crate) fn listen(counts: &Arc<Counts>) -> io::Result<(SocketAddr, SocketAddr)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (http, grpc) =
        runtime.block_on(async { io::Result::Ok((bind().await?, bind().await?)) })?;
    let addresses = (http.local_addr()?, grpc.local_addr()?);
    runtime.spawn(accept(http, Road::Http, Arc::clone(counts)));
    let grpc = accept(grpc, Road::Grpc, Arc::clone(counts));
    thread::spawn(move || runtime.block_on(grpc));
    Ok(addresses)
}

async fn accept(listener: TcpListener, road: Road, counts: Arc<Counts>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, road, Arc::clone(&counts)));
    }
}

/// A connection ends when its contender does, which is no failure.
async fn serve(stream: TcpStream, road: Road, counts: Arc<Counts>) {
    let _ = stream.set_nodelay(true);
    let stream = TokioIo::new(stream);
    let service = service_fn(move |request| take(request, road, Arc::clone(&counts)));
    let _ = match road {
        Road::Http => http1::Builder::new().serve_connection(stream, service).await,
        Road::Grpc => {
            http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await
        }
    };
}

async fn take(
    request: Request<Incoming>,
    road: Road,
    counts: Arc<Counts>,
) -> Result<Response<Answer>, Infallible> {
    let mut body = request.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        counts.export_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
    counts.exports.fetch_add(1, Ordering::Relaxed);
    Ok(answer(road))
}

type Answer = http_body_util::Either<Full<Bytes>, WithTrailers<Full<Bytes>, Trailers>>;
type Trailers = std::future::Ready<Option<Result<HeaderMap, Infallible>>>;

/// All was well.
fn answer(road: Road) -> Response<Answer> {
    let (kind, body) = match road {
        Road::Http => ("application/x-protobuf", Answer::Left(Full::default())),
        Road::Grpc => {
            let status = (HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
            let trailers = std::future::ready(Some(Ok(HeaderMap::from_iter([status]))));
            let body = Full::new(Bytes::from_static(EMPTY)).with_trailers(trailers);
            ("application/grpc", Answer::Right(body))
        }
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
