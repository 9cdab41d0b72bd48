use std::{borrow::Cow, panic::Location, sync::Arc};

use super::{Dialect, connection_string, connection_url, place::Place, sanitize};
use crate::{
    Entity, Error, Namespace, Sql, Subsegment,
    document::{MAX_SQL, cut},
};

/// A database as its queries are recorded: told once, beside the pool that it describes.
///
/// It holds no password: what it is made of is cleaned first. A clone is cheap.
///
/// ```
/// use xray_core::sql::SqlTarget;
///
/// let shop = SqlTarget::from_url("postgres://app:s3cret@db.internal:5432/shop?sslmode=require")?;
/// assert_eq!(shop.name(), "shop@db.internal");
///
/// # fn execute(_: &str) -> std::io::Result<u64> { Ok(1) }
/// # fn example(shop: &SqlTarget) -> std::io::Result<()> {
/// const SETTLE: &str = "UPDATE orders SET settled = true WHERE id = $1";
/// let rows = shop.begin(SETTLE).end_with(execute(SETTLE))?; // any driver's call, with `.await` as well
/// # Ok(())
/// # }
/// # Ok::<(), xray_core::Error>(())
/// ```
///
/// The text of queries is recorded if the recorder collects it: see
/// [`RecorderBuilder::collect_sql_queries`](crate::RecorderBuilder::collect_sql_queries).
#[derive(Clone, Debug)]
pub struct SqlTarget {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    name: String,
    url: Option<String>,
    connection_string: Option<String>,
    database_type: Option<Cow<'static, str>>,
    dialect: Dialect,
    database_version: Option<Cow<'static, str>>,
    driver_version: Option<Cow<'static, str>>,
    user: Option<String>,
    queries: Queries,
}

/// What is recorded of the text of queries, where the recorder collects it.
#[derive(Clone, Copy, Debug)]
enum Queries {
    Nothing,
    Sanitized,
    Raw,
}

impl SqlTarget {
    /// The database that a driver connects to by this URL.
    ///
    /// The subsegments are named `database@host`, without port; of SQLite `sqlite@` and the file's
    /// name without extension. What a URL may leave out, the driver's own defaults fill in: `localhost`
    /// for the host, with PostgreSQL the user for the database.
    ///
    /// ```
    /// use xray_core::sql::SqlTarget;
    ///
    /// let name = |url| SqlTarget::from_url(url).map(|target| target.name().to_owned());
    /// assert_eq!(name("mysql://app:s3cret@db.internal/shop")?, "shop@db.internal");
    /// assert_eq!(name("sqlite://data/shop.db?mode=rwc")?, "sqlite@shop");
    /// assert_eq!(name("jdbc:sqlserver://db.internal:1433;databaseName=shop;password=x")?, "shop@db.internal");
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// The text is no URL, or has no host where no driver has a default, or a port that is no port. Use
    /// [`named`](Self::named) for what is odd on purpose.
    pub fn from_url(url: &str) -> Result<Self, Error> {
        let url = url.trim();
        let place = Place::of_url(url)?;
        Ok(Self::at(place).url(url))
    }

    /// The database that a driver connects to by `key=value` pairs, as those of ADO (`server=…;database=…`)
    /// and libpq (`host=… dbname=…`) do.
    ///
    /// ```
    /// use xray_core::sql::SqlTarget;
    ///
    /// let shop = "server=tcp:db.internal,1433;database=shop;user id=app;password=s3cret";
    /// let shop = SqlTarget::from_connection_string(shop)?.database_type("MSSQL");
    /// assert_eq!(shop.name(), "shop@db.internal");
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// The text is not made of pairs. A URL is read by [`from_url`](Self::from_url).
    pub fn from_connection_string(text: &str) -> Result<Self, Error> {
        let place = Place::of_pairs(text)?;
        let mut target = Self::at(place);
        let text = connection_string(text).into_owned();
        target.change(|inner| inner.connection_string = Some(text));
        Ok(target)
    }

    /// A database by the name of its subsegments, `database@host`, for what no URL tells. It never
    /// fails; the setters tell the rest.
    ///
    /// ```
    /// use xray_core::sql::SqlTarget;
    ///
    /// let archive = SqlTarget::named("archive@tapes").database_type("Oracle").user("scott");
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::at(Place { name: name.to_owned(), ..Place::default() })
    }

    fn at(place: Place) -> Self {
        let Place { name, database_type, user } = place;
        let target = Self {
            inner: Arc::new(Inner {
                name,
                url: None,
                connection_string: None,
                database_type: None,
                dialect: Dialect::Generic,
                database_version: None,
                driver_version: None,
                user,
                queries: Queries::Sanitized,
            }),
        };
        match database_type {
            Some(database_type) => target.database_type(database_type),
            None => target,
        }
    }

    /// Where the database is. It is recorded without password and query.
    #[must_use]
    pub fn url(mut self, url: &str) -> Self {
        let url = connection_url(url).into_owned();
        self.change(|inner| inner.url = Some(url));
        self
    }

    /// What the database is: `PostgreSQL`, `MySQL`, `SQLite`, `MSSQL` or another. How queries are
    /// read goes by it, too.
    #[must_use]
    pub fn database_type(mut self, database_type: impl Into<Cow<'static, str>>) -> Self {
        let database_type = database_type.into();
        self.change(|inner| {
            inner.dialect = Dialect::of_database(&database_type);
            inner.database_type = Some(database_type);
        });
        self
    }

    /// The version of the database's server.
    #[must_use]
    pub fn database_version(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        let version = version.into();
        self.change(|inner| inner.database_version = Some(version));
        self
    }

    /// The driver and its version, such as `tokio-postgres 0.7`.
    #[must_use]
    pub fn driver_version(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        let version = version.into();
        self.change(|inner| inner.driver_version = Some(version));
        self
    }

    /// The database's user.
    #[must_use]
    pub fn user(mut self, user: &str) -> Self {
        let user = user.to_owned();
        self.change(|inner| inner.user = Some(user));
        self
    }

    /// Never records the text of this database's queries, also where the recorder collects it.
    #[must_use]
    pub fn without_queries(mut self) -> Self {
        self.change(|inner| inner.queries = Queries::Nothing);
        self
    }

    /// Records queries as they are, values and comments included, where the recorder collects them:
    /// only for queries that hold nobody's data.
    #[must_use]
    pub fn raw_queries(mut self) -> Self {
        self.change(|inner| inner.queries = Queries::Raw);
        self
    }

    /// The name of the subsegments.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Begins the subsegment of a query. [`Subsegment::end_with`] records the error, if there is one.
    ///
    /// Dropped without that, as when the task is aborted, it ends as well.
    pub fn begin(&self, query: &str) -> Subsegment {
        let subsegment = Subsegment::begin(self.name()).query();
        self.describe(&subsegment, query);
        subsegment
    }

    /// Runs a query of a driver that blocks, inside its subsegment, and records the error, if there
    /// is one.
    ///
    /// ```
    /// # use xray_core::sql::SqlTarget;
    /// # struct Connection;
    /// # impl Connection { fn execute(&self, _: &str) -> std::io::Result<u64> { Ok(1) } }
    /// # fn example(shop: &SqlTarget, connection: &Connection) -> std::io::Result<()> {
    /// const PURGE: &str = "DELETE FROM carts WHERE touched < date('now', '-30 days')";
    /// let rows = shop.run(PURGE, |_| connection.execute(PURGE))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of the query.
    #[track_caller]
    pub fn run<T, E: std::error::Error>(
        &self,
        query: &str,
        work: impl FnOnce(&Entity) -> Result<T, E>,
    ) -> Result<T, E> {
        let location = Location::caller();
        self.begin(query).run(|subsegment| {
            let result = work(subsegment);
            if let Err(error) = &result {
                subsegment.record_error_at(error, location);
            }
            result
        })
    }

    /// Records on a subsegment what it calls: for integrations, which begin their subsegments
    /// themselves. What is not sampled has its query not looked at.
    pub fn describe(&self, subsegment: &Entity, query: &str) {
        if subsegment.is_sampled() {
            self.describe_sampled(subsegment, query);
        }
    }

    #[inline(never)]
    fn describe_sampled(&self, subsegment: &Entity, query: &str) {
        let inner = &*self.inner;
        let sanitized_query = match inner.queries {
            Queries::Nothing => None,
            _ if query.is_empty() || !subsegment.collects_sql_queries() => None,
            Queries::Sanitized => Some(sanitize(query, inner.dialect)),
            Queries::Raw => Some(Cow::Borrowed(cut(query.trim(), MAX_SQL))),
        };
        subsegment.namespace(Namespace::Remote);
        subsegment.sql(Sql {
            url: inner.url.as_deref().map(Cow::Borrowed),
            connection_string: inner.connection_string.as_deref().map(Cow::Borrowed),
            sanitized_query,
            database_type: inner.database_type.as_deref().map(Cow::Borrowed),
            database_version: inner.database_version.as_deref().map(Cow::Borrowed),
            driver_version: inner.driver_version.as_deref().map(Cow::Borrowed),
            user: inner.user.as_deref().map(Cow::Borrowed),
            preparation: None,
        });
    }

    fn change(&mut self, change: impl FnOnce(&mut Inner)) {
        change(Arc::make_mut(&mut self.inner));
    }
}
