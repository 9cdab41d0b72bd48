//! `web`: the pages (axum). The edge of the shop, where every trace begins.

use std::io;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use maud::{DOCTYPE, Markup, html};
use xray_tower::{CurrentSegment, Entity, Incoming, Recorder, Subsegment, XRayLayer};

use super::Running;
use crate::calls::{CallError, Service};
use crate::shop::{Cart, Order, Product};

type Page = Result<Html<String>, CallError>;

pub(crate) async fn start(xray: Recorder, orders: Service) -> io::Result<Running> {
    let app = Router::new()
        .route("/", get(home))
        .route("/products/{id}", get(product))
        .route("/checkout", post(checkout))
        .route("/orders/{id}", get(order))
        .with_state(orders)
        .layer(
            XRayLayer::with(xray)
                // Strangers call here: they may name a trace, but not decide what is recorded.
                .incoming(Incoming::RootOnly)
                .ignore(["/favicon.ico"]),
        );
    Running::axum(app).await
}

async fn home(State(orders): State<Service>) -> Page {
    // Both at once: two subsegments side by side.
    let (products, bestsellers) = tokio::try_join!(
        orders.get::<Vec<Product>>("/products"),
        orders.get::<Vec<Product>>("/bestsellers"),
    )?;
    Ok(render(&html! {
        h2 { "Bestsellers" } (list(&bestsellers))
        h2 { "All products" } (list(&products))
    }))
}

async fn product(
    State(orders): State<Service>,
    Path(id): Path<i64>,
    segment: CurrentSegment,
) -> Page {
    segment.annotate("product_id", id);
    let product: Product = orders.get(&format!("/products/{id}")).await?;
    Ok(render(&html! {
        h2 { (product.name) }
        p { (price(product.price_cents)) ", " (product.stock) " in stock" }
        form method="post" action="/checkout" {
            input type="hidden" name="customer" value="customer-1001";
            input type="hidden" name="product" value=(id);
            input type="number" name="quantity" value="1" min="1";
            button { "Buy" }
        }
    }))
}

async fn checkout(
    State(orders): State<Service>,
    segment: CurrentSegment,
    Form(cart): Form<Cart>,
) -> Page {
    // Annotations are indexed, for the filter `annotation.product_id = 3`; metadata is not.
    segment.user(&cart.customer);
    segment.annotate("product_id", cart.product);
    segment.metadata("cart", &cart);
    let order: Order = orders.post("/orders", &cart).await?;
    segment.annotate("order_id", order.id);
    segment.annotate("order_total", order.total_cents as f64 / 100.0);
    Ok(render(&receipt("Thank you", &order)))
}

async fn order(State(orders): State<Service>, Path(id): Path<i64>) -> Page {
    let order: Order = orders.get(&format!("/orders/{id}")).await?;
    Ok(render(&receipt("Your order", &order)))
}

impl IntoResponse for CallError {
    fn into_response(self) -> Response {
        let status = self.status();
        // A customer's mistake is no exception of ours.
        if status.is_server_error() {
            Entity::current().record_error(&self);
        }
        (status, render(&html! { p { "Sorry: " (status) } })).into_response()
    }
}

fn render(content: &Markup) -> Html<String> {
    Subsegment::begin("render page").run(|render| {
        let page = html! {
            (DOCTYPE)
            title { "Storefront" }
            h1 { a href="/" { "Storefront" } }
            (content)
        };
        let page = page.into_string();
        render.annotate("page_bytes", page.len());
        Html(page)
    })
}

fn list(products: &[Product]) -> Markup {
    html! {
        ul {
            @for product in products {
                li {
                    a href=(format!("/products/{}", product.id)) { (product.name) }
                    " " (price(product.price_cents))
                }
            }
        }
    }
}

fn receipt(title: &str, order: &Order) -> Markup {
    html! {
        h2 { (title) }
        p { "Order " (order.id) ": " (order.quantity) " × " (order.product) ", " (price(order.total_cents)) }
    }
}

fn price(cents: i64) -> String {
    format!("{}.{:02} €", cents / 100, cents % 100)
}
