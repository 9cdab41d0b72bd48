use std::panic::Location;

use super::SqlTarget;
use crate::{Entity, record::inside};

/// Runs a query inside its subsegment and records the error, if there is one: for any driver.
///
/// The subsegment has the database's name and, where the recorder collects it, the query without its
/// values. A query that is not sampled is not looked at.
///
/// What the error says is recorded as it is, and databases tell of values in it, such as the key that is
/// there already.
///
/// ```
/// use xray_core::sql::{SqlTarget, sql_subsegment};
///
/// # struct Client;
/// # impl Client { async fn query(&self, _: &str, _: &[&u32]) -> std::io::Result<Vec<u32>> { Ok(vec![]) } }
/// # async fn example(shop: &SqlTarget, client: &Client, id: u32) -> std::io::Result<()> {
/// const ORDER: &str = "SELECT * FROM orders WHERE id = $1";
/// let rows = sql_subsegment(shop, ORDER, async |_| client.query(ORDER, &[&id]).await).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of the query.
#[track_caller]
pub fn sql_subsegment<T, E: std::error::Error>(
    target: &SqlTarget,
    query: &str,
    work: impl AsyncFnOnce(Entity) -> Result<T, E>,
) -> impl Future<Output = Result<T, E>> {
    // Here, since an async function is not told of its caller.
    let location = Location::caller();
    async move {
        inside(target.begin(query), async |subsegment| {
            let result = work(subsegment.clone()).await;
            if let Err(error) = &result {
                subsegment.record_error_at(error, location);
            }
            result
        })
        .await
    }
}
