//! `orders`: products and orders (actix-web), on the database. It calls `pricing` and `payments`, and tells the
//! worker of what was sold.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{App, HttpResponse, HttpServer, ResponseError};
use aws_sdk_sqs::error::DisplayErrorContext;
use tokio::time::sleep;
use tonic::Status;
use xray_actix::{CurrentSegment, Recorder, XRayMiddleware, subsegment};

use super::Running;
use super::pricing::Pricing;
use super::proto::Basket;
use crate::calls::{CallError, Service};
use crate::database::Database;
use crate::queue::Queue;
use crate::shop::{Cart, Charge, Order, Product, Receipt};
use crate::task::Task;

/// Why an order was not placed or not found.
///
/// actix-web hands the middleware the text of an error and not its source, so the text says it all.
#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("there is no product {0}")]
    NoProduct(i64),
    #[error("there is no order {0}")]
    NoOrder(i64),
    #[error("{wanted} of {product} are wanted, {left} are left")]
    SoldOut { product: String, wanted: i64, left: i64 },
    #[error("there is no price: {0}")]
    Pricing(#[from] Status),
    #[error("the payment failed: {0}")]
    Payment(#[from] CallError),
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl ResponseError for OrderError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoProduct(_) | Self::NoOrder(_) => StatusCode::NOT_FOUND,
            Self::SoldOut { .. } => StatusCode::CONFLICT,
            // The two frameworks have a type of their own for the same number.
            Self::Payment(error) => {
                StatusCode::from_u16(error.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY)
            }
            Self::Pricing(_) => StatusCode::BAD_GATEWAY,
            Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Whom the service calls.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    pub(crate) database: Database,
    pub(crate) payments: Service,
    pub(crate) pricing: Pricing,
    pub(crate) queue: Queue,
}

pub(crate) fn start(xray: Recorder, calls: Calls) -> io::Result<Running> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = HttpServer::new(move || {
        App::new()
            .wrap(XRayMiddleware::with(xray.clone()))
            .app_data(Data::new(calls.clone()))
            .route("/products", web::get().to(products))
            .route("/products/{id}", web::get().to(product))
            .route("/bestsellers", web::get().to(bestsellers))
            .route("/orders", web::post().to(place))
            .route("/orders/{id}", web::get().to(order))
    });
    let server = server.workers(2).disable_signals().shutdown_timeout(2).listen(listener)?.run();
    let task = Task::spawn(async move |stop| {
        let handle = server.handle();
        let server = tokio::spawn(server);
        drop(stop.await);
        handle.stop(true).await;
        drop(server.await);
    });
    Ok(Running { url, task })
}

async fn products(calls: Data<Calls>) -> Result<Json<Vec<Product>>, OrderError> {
    Ok(Json(calls.database.products().await?))
}

async fn bestsellers(calls: Data<Calls>) -> Result<Json<Vec<Product>>, OrderError> {
    Ok(Json(calls.database.bestsellers().await?))
}

async fn product(calls: Data<Calls>, id: Path<i64>) -> Result<Json<Product>, OrderError> {
    Ok(Json(calls.database.product(*id).await?.ok_or(OrderError::NoProduct(*id))?))
}

async fn order(calls: Data<Calls>, id: Path<i64>) -> Result<Json<Order>, OrderError> {
    Ok(Json(calls.database.order(*id).await?.ok_or(OrderError::NoOrder(*id))?))
}

async fn place(
    calls: Data<Calls>,
    segment: CurrentSegment,
    cart: Json<Cart>,
) -> Result<HttpResponse, OrderError> {
    segment.annotate("product_id", cart.product);
    segment.annotate("quantity", cart.quantity);
    let Some(product) = calls.database.product(cart.product).await? else {
        return Err(OrderError::NoProduct(cart.product));
    };
    if product.stock < cart.quantity {
        return Err(OrderError::SoldOut {
            product: product.name,
            wanted: cart.quantity,
            left: product.stock,
        });
    }
    let basket = Basket { price_cents: product.price_cents, quantity: cart.quantity };
    let total_cents = calls.pricing.quote(basket).await?.total_cents;
    let charge = Charge { customer: cart.customer.clone(), amount_cents: total_cents };
    let receipt = take_money(&calls.payments, &charge).await?;
    segment.annotate("authorisation", receipt.authorisation);

    let id = write_down(&calls.database, &cart, total_cents).await?;
    let order = Order { id, product: product.name, quantity: cart.quantity, total_cents };
    // The order stands, whether it is settled now or later.
    if let Err(error) = calls.queue.send(&order).await {
        tracing::warn!("order {id} waits to be settled: {}", DisplayErrorContext(&error));
    }
    tracing::info!("order {id} is placed");
    Ok(HttpResponse::Created().json(order))
}

// `fields` are annotations, and `err` records an error with its causes.
#[subsegment(name = "write down", skip_all, fields(order_total = total_cents as f64 / 100.0), err)]
async fn write_down(database: &Database, cart: &Cart, total_cents: i64) -> sqlx::Result<i64> {
    database.place(cart, total_cents).await
}

/// Charges the customer, with a second try if payments is busy: two calls in the trace.
async fn take_money(payments: &Service, charge: &Charge) -> Result<Receipt, CallError> {
    match payments.post("/charges", charge).await {
        Err(busy) if busy.status() == reqwest::StatusCode::TOO_MANY_REQUESTS => {
            sleep(Duration::from_millis(80)).await;
            payments.post("/charges", charge).await
        }
        outcome => outcome,
    }
}
