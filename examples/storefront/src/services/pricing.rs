//! `pricing`: what a basket costs (gRPC, tonic). The same layers as for HTTP record both ends of its calls.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rand::random_range;
use tokio::time::sleep;
use tonic::Status;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tower::ServiceBuilder;
use xray_tower::client::XRayClientMiddleware;
use xray_tower::{Recorder, XRayClientLayer, XRayLayer, subsegment};

use super::Running;
use super::proto::{Basket, Price, PricingClient, PricingServer};
use crate::task::Task;

/// A client whose calls are subsegments.
pub(crate) type Pricing = PricingClient<XRayClientMiddleware<Channel>>;

/// From how many pieces on they are cheaper, and how much of the price is left then, in percent.
const MANY: i64 = 3;
const PRICE_OF_MANY: i64 = 90;

pub(crate) fn start(xray: Recorder) -> io::Result<Running> {
    let incoming = TcpIncoming::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let url = format!("http://{}", incoming.local_addr()?);
    let server = Server::builder().layer(XRayLayer::with(xray));
    let task = Task::spawn(async move |stop| {
        let stop = async { drop(stop.await) };
        let routes = Routes::new(PricingServer(quote));
        let serving = server.clone().serve_with_incoming_shutdown(routes, incoming, stop);
        if let Err(error) = serving.await {
            tracing::warn!("pricing ended: {error}");
        }
    });
    Ok(Running { url, task })
}

/// It connects when it is first used.
pub(crate) fn client(url: &str) -> Result<Pricing, Box<dyn std::error::Error>> {
    let channel = Endpoint::from_shared(url.to_owned())?.connect_lazy();
    let xray = XRayClientLayer::new().name("pricing").traced();
    let channel = ServiceBuilder::new().layer(xray).service(channel);
    Ok(PricingClient::with_origin(channel, url.parse()?))
}

async fn quote(basket: Basket) -> Result<Price, Status> {
    if basket.quantity < 1 {
        return Err(Status::invalid_argument("a basket holds one piece at least"));
    }
    let full = basket.price_cents.saturating_mul(basket.quantity);
    let total_cents = if basket.quantity < MANY { full } else { discount(full).await };
    Ok(Price { total_cents })
}

// An attribute makes a function a subsegment; its arguments are metadata.
#[subsegment]
async fn discount(full_cents: i64) -> i64 {
    sleep(Duration::from_millis(random_range(2..6))).await;
    full_cents * PRICE_OF_MANY / 100
}
