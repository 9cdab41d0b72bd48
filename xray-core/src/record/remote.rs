use std::{borrow::Cow, error::Error, panic::Location};

use super::{Entity, Subsegment, subsegment};
use crate::{document::Namespace, sql::host_of};

/// A call of another service, by a client that no integration knows: a cache, a broker, a database. It
/// becomes an edge of the service map, to a node named `name@host`, or `name` where no host is given.
///
/// `host` may be a URL, a connection string or hold a port, as clients are configured with: only the host is
/// recorded, and no secret; where it cannot be told for certain, none is. Give the call's own name or the port in `name` if they should be nodes of their own, and
/// annotate what else should be searched for.
///
/// ```
/// # mod redis {
/// #     #[derive(Debug)]
/// #     pub struct RedisError;
/// #     impl std::fmt::Display for RedisError {
/// #         fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) }
/// #     }
/// #     impl std::error::Error for RedisError {}
/// #     pub struct Connection;
/// #     impl Connection {
/// #         pub async fn get(&mut self, _: &str) -> Result<Option<String>, RedisError> { Ok(None) }
/// #     }
/// # }
/// use xray_core::remote_call;
///
/// async fn cached(redis: &mut redis::Connection, key: &str) -> Result<Option<String>, redis::RedisError> {
///     remote_call("redis", "redis://:secret@cache.internal:6379").run(async |call| {
///         call.annotate("command", "GET");
///         redis.get(key).await
///     }).await
/// }
/// ```
///
/// tokio-postgres, with the block `sql`, which has its own place in the console:
///
/// ```
/// # mod tokio_postgres {
/// #     pub type Error = std::io::Error;
/// #     pub struct Row;
/// #     pub struct Client;
/// #     impl Client {
/// #         pub async fn query(&self, _: &str, _: &[&(dyn std::fmt::Debug + Sync)]) -> Result<Vec<Row>, Error> {
/// #             Ok(Vec::new())
/// #         }
/// #     }
/// # }
/// use xray_core::{Sql, remote_call, sql};
///
/// async fn orders(client: &tokio_postgres::Client, user: i64) -> Result<usize, tokio_postgres::Error> {
///     const QUERY: &str = "SELECT id FROM orders WHERE customer = $1";
///     remote_call("shop", "db.internal").run(async |call| {
///         call.when_sampled(|call| call.sql(Sql {
///             sanitized_query: Some(sql::sanitize(QUERY, sql::Dialect::PostgreSql)),
///             database_type: Some("PostgreSQL".into()),
///             ..Sql::default()
///         }));
///         Ok(client.query(QUERY, &[&user]).await?.len())
///     }).await
/// }
/// ```
///
/// A driver such as that of `mongodb`, whose cursor outlives the call: the guard ends when it is dropped.
///
/// ```
/// # mod mongodb {
/// #     pub type Error = std::io::Error;
/// #     pub struct Cursor;
/// #     impl Cursor {
/// #         pub async fn try_next(&mut self) -> Result<Option<u32>, Error> { Ok(None) }
/// #     }
/// #     pub struct Collection;
/// #     impl Collection {
/// #         pub async fn find(&self, _: &str) -> Result<Cursor, Error> { Ok(Cursor) }
/// #     }
/// # }
/// use xray_core::remote_call;
///
/// async fn all(orders: &mongodb::Collection, filter: &str) -> Result<u32, mongodb::Error> {
///     let call = remote_call("shop", "mongo.internal:27017").begin();
///     call.annotate("operation", "find");
///     let read = call.scope(async {
///         let mut cursor = orders.find(filter).await?;
///         let mut sum = 0;
///         while let Some(order) = cursor.try_next().await? {
///             sum += order;
///         }
///         Ok(sum)
///     }).await;
///     read.inspect_err(|error| call.record_error(error))
/// }
/// ```
pub fn remote_call<'a>(name: &'a str, host: impl Into<Option<&'a str>>) -> RemoteCall<'a> {
    RemoteCall { name, host: host.into() }
}

/// A call that is to be made; see [`remote_call`].
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is recorded before the call is run or begun"]
pub struct RemoteCall<'a> {
    name: &'a str,
    host: Option<&'a str>,
}

impl RemoteCall<'_> {
    /// Makes the call, and records its error and what it panics with.
    // No async function, since one does not know who calls it.
    #[track_caller]
    pub fn run<T, E: Error>(
        self,
        work: impl AsyncFnOnce(Entity) -> Result<T, E>,
    ) -> impl Future<Output = Result<T, E>> {
        let caller = Location::caller();
        async move {
            subsegment(&self.node(), async |call| {
                call.namespace(Namespace::Remote);
                let result = work(call.clone()).await;
                result.inspect_err(|error| call.record_error_at(error, caller))
            })
            .await
        }
    }

    /// As [`run`](Self::run), with a client that blocks.
    ///
    /// ```
    /// use std::{io, net::TcpStream};
    /// use xray_core::remote_call;
    ///
    /// fn connect(host: &str) -> io::Result<TcpStream> {
    ///     remote_call("broker", host).run_blocking(|_| TcpStream::connect((host, 5672)))
    /// }
    /// ```
    #[track_caller]
    pub fn run_blocking<T, E: Error>(
        self,
        work: impl FnOnce(&Entity) -> Result<T, E>,
    ) -> Result<T, E> {
        let caller = Location::caller();
        self.begin().run(|call| work(call).inspect_err(|error| call.record_error_at(error, caller)))
    }

    /// Begins the call. It ends when the guard is dropped, and records the errors that it is told of.
    pub fn begin(self) -> Subsegment {
        let call = Subsegment::begin(&self.node());
        call.namespace(Namespace::Remote);
        call
    }

    fn node(&self) -> Cow<'_, str> {
        // A name that is not recorded need not be made.
        match self.host.filter(|_| Entity::current().is_sampled()).and_then(host_of) {
            Some(host) => format!("{}@{host}", self.name).into(),
            None => self.name.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::remote_call;
    use crate::{Delivery, Recorder, testing::MemoryEmitter};

    #[track_caller]
    fn named(host: &str) -> String {
        let emitter = MemoryEmitter::new();
        let xray =
            Recorder::builder("t").emitter(emitter.clone()).delivery(Delivery::Inline).build();
        let segment = xray.expect("a recorder").segment("order").sampled(true).begin();
        let entered = segment.enter();
        drop(remote_call("shop", host).begin());
        drop(entered);
        segment.end();
        let documents = emitter.take();
        documents[0]["subsegments"][0]["name"].as_str().expect("a name").to_owned()
    }

    #[test]
    fn only_the_host_is_recorded() {
        for (text, host) in [
            ("cache.internal", "cache.internal"),
            ("cache.internal:6379", "cache.internal"),
            ("redis://user:p@ss/word@cache.internal:6379/0?x=@y", "cache.internal"),
            ("redis://user:p@ss@cache.internal:6379/0?x=@y", "cache.internal"),
            ("redis://admin:p?ss@cache:6379", "cache"),
            ("redis://admin:1?ss@cache:6379", "cache"),
            ("redis://admin:p#ss@cache:6379/0", "cache"),
            ("redis://cache:6379?password=a@b", "cache"),
            ("cache:6379,password=a@b,ssl=True", "cache"),
            ("jdbc:sqlserver://sa:p@db:1433;password=a@b", "db"),
            ("mongodb://a:1,b:2/db", "a"),
            ("[::1]:6379", "::1"),
            ("2001:db8::7", "2001:db8::7"),
            ("host=db.internal user=app password=s3cret dbname=shop", "db.internal"),
            ("password='a host=x' host=db.internal", "db.internal"),
            ("Server=tcp:db.internal,1433;User Id=sa;Password=s3cret", "db.internal"),
            ("Data Source=db.internal:1433;Password=s3@cret", "db.internal"),
            ("bücher.example:80", "bücher.example"),
            ("my_cache-1", "my_cache-1"),
        ] {
            assert_eq!(named(text), format!("shop@{host}"), "{text}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_no_host() {
        for text in [
            "",
            "user@:99",
            "user=app password=s3cret",
            "db.internal user=app password=s3cret",
            "app:pw@tcp(db:3306)/shop",
            "redis://cache?password=a@b",
            "redis://admin:p?a=ss@cache",
            "cache,password=a@b",
            "jdbc:sqlserver://db;password=a@b",
            "redis://user:p@ss word",
            "[::1",
        ] {
            assert_eq!(named(text), "shop", "{text}");
        }
    }
}
