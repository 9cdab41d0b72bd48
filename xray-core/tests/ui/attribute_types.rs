use xray_core::subsegment;

struct Pool;

#[subsegment]
fn not_debug(pool: &Pool, id: u32) {}

#[subsegment]
fn generic<T>(value: T) {}

#[subsegment(skip_all, fields(pool))]
fn no_annotation(pool: &Pool) {}

#[subsegment(skip_all, fields(%pool))]
fn not_display(pool: &Pool) {}

#[subsegment(err)]
fn no_result() -> Option<u32> {
    None
}

#[subsegment(err)]
async fn no_error() -> Result<(), Pool> {
    Err(Pool)
}

#[subsegment(ret)]
fn not_shown() -> Pool {
    Pool
}

#[subsegment(fields(id = missing))]
fn no_variable() {}

#[subsegment]
fn wrong_type(id: u32) -> u32 {
    "text"
}

#[subsegment]
async fn wrong_await() -> u32 {
    std::future::ready("text").await
}

#[subsegment(name = NAME)]
fn constant() {}
const NAME: u32 = 7;

fn main() {}
