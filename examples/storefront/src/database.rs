//! The shop's database: `SQLite` in memory. `SqlxLayer`, which `logging.rs` installs, makes a subsegment of
//! each query.

use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sqlx::{query, query_as, query_scalar};
use tracing::Instrument as _;
use xray_tower::xray_core::SqlTarget;
use xray_tracing::sqlx_span;

use crate::shop::{Cart, Order, Product};

const SCHEMA: &str = "
    CREATE TABLE products (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL, stock INTEGER NOT NULL
    );
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY, customer TEXT NOT NULL, product_id INTEGER NOT NULL REFERENCES products (id),
        quantity INTEGER NOT NULL, total_cents INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0
    );
    INSERT INTO products (name, price_cents, stock) VALUES
        ('Enamel mug', 1450, 40), ('Linen apron', 3900, 25), ('Oak cutting board', 5200, 18),
        ('Cast iron pan', 6900, 12), ('Pour-over kettle', 7450, 20), ('Stoneware bowl', 2300, 60),
        ('Beeswax candle', 1200, 80), ('Wool blanket', 11900, 9), ('Walnut spoon', 950, 75);
    INSERT INTO orders (customer, product_id, quantity, total_cents, settled)
        SELECT 'customer-1000', id, 1, price_cents, 1 FROM products;
";
const PRODUCTS: &str = "SELECT id, name, price_cents, stock FROM products ORDER BY name";
const PRODUCT: &str = "SELECT id, name, price_cents, stock FROM products WHERE id = ?";
const BESTSELLERS: &str = "SELECT p.id, p.name, p.price_cents, p.stock FROM products p \
    JOIN orders o ON o.product_id = p.id GROUP BY p.id ORDER BY sum(o.quantity) DESC LIMIT 3";
const ORDER: &str = "SELECT o.id, p.name, o.quantity, o.total_cents FROM orders o \
    JOIN products p ON p.id = o.product_id WHERE o.id = ?";
const TAKE: &str = "UPDATE products SET stock = stock - ? WHERE id = ?";
const INSERT: &str = "INSERT INTO orders (customer, product_id, quantity, total_cents) VALUES (?, ?, ?, ?) RETURNING id";
const SETTLE: &str = "UPDATE orders SET settled = 1 WHERE id = ?";
const RESTOCK: &str = "UPDATE products SET stock = stock + ? WHERE stock < ?";

/// A cheap clone; all clones are the same database.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pool: SqlitePool,
    target: SqlTarget,
}

impl Database {
    /// What the database is called, in the subsegments and on the service map. Where it is reached by a URL,
    /// `SqlTarget::from_url` reads it off that.
    pub(crate) fn target() -> SqlTarget {
        SqlTarget::named("sqlite@shop").database_type("SQLite").driver_version("sqlx 0.9")
    }

    pub(crate) async fn open(target: SqlTarget) -> sqlx::Result<Self> {
        // The data lives as long as its connection, so there is one, for ever.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect("sqlite::memory:")
            .await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Self { pool, target })
    }

    pub(crate) async fn products(&self) -> sqlx::Result<Vec<Product>> {
        let rows = self.traced(query_as(PRODUCTS).fetch_all(&self.pool)).await?;
        Ok(rows.into_iter().map(product).collect())
    }

    pub(crate) async fn bestsellers(&self) -> sqlx::Result<Vec<Product>> {
        let rows = self.traced(query_as(BESTSELLERS).fetch_all(&self.pool)).await?;
        Ok(rows.into_iter().map(product).collect())
    }

    pub(crate) async fn product(&self, id: i64) -> sqlx::Result<Option<Product>> {
        let row = self.traced(query_as(PRODUCT).bind(id).fetch_optional(&self.pool)).await?;
        Ok(row.map(product))
    }

    pub(crate) async fn order(&self, id: i64) -> sqlx::Result<Option<Order>> {
        let row = self.traced(query_as(ORDER).bind(id).fetch_optional(&self.pool)).await?;
        Ok(row.map(|(id, product, quantity, total_cents)| Order {
            id,
            product,
            quantity,
            total_cents,
        }))
    }

    /// Takes the products off the shelf and writes the order down. Gives the order's number.
    pub(crate) async fn place(&self, cart: &Cart, total_cents: i64) -> sqlx::Result<i64> {
        self.traced(async {
            let mut transaction = self.pool.begin().await?;
            let take = query(TAKE).bind(cart.quantity).bind(cart.product);
            take.execute(&mut *transaction).await?;
            let insert = query_scalar(INSERT)
                .bind(&cart.customer)
                .bind(cart.product)
                .bind(cart.quantity)
                .bind(total_cents);
            let id = insert.fetch_one(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(id)
        })
        .await
    }

    pub(crate) async fn settle(&self, order: i64) -> sqlx::Result<()> {
        self.traced(query(SETTLE).bind(order).execute(&self.pool)).await.map(drop)
    }

    /// Fills the shelves where they are nearly empty. Gives how many were.
    pub(crate) async fn restock(&self, more: i64, below: i64) -> sqlx::Result<u64> {
        let restock = query(RESTOCK).bind(more).bind(below);
        Ok(self.traced(restock.execute(&self.pool)).await?.rows_affected())
    }

    /// sqlx runs the queries of `SQLite` on a thread of its own, which the span tells where they belong. With
    /// PostgreSQL and MySQL there is nothing to do here.
    async fn traced<T>(&self, queries: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        queries.instrument(sqlx_span(&self.target)).await
    }
}

fn product((id, name, price_cents, stock): (i64, String, i64, i64)) -> Product {
    Product { id, name, price_cents, stock }
}
