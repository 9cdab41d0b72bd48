/// Whose SQL a query is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Not known: standard SQL, with `E'…'`, dollar quotes and nested comments as PostgreSQL has
    /// them and backticks as MySQL has them.
    #[default]
    Generic,
    /// PostgreSQL, and what speaks its protocol.
    PostgreSql,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    MsSql,
}

impl Dialect {
    /// The dialect of a `database_type`, in the spellings that are around; [`Generic`](Self::Generic)
    /// for others.
    ///
    /// ```
    /// use xray_core::sql::Dialect;
    ///
    /// assert_eq!(Dialect::of_database("PostgreSQL"), Dialect::PostgreSql);
    /// assert_eq!(Dialect::of_database("Microsoft SQL Server"), Dialect::MsSql);
    /// assert_eq!(Dialect::of_database("Oracle"), Dialect::Generic);
    /// ```
    #[must_use]
    pub fn of_database(database_type: &str) -> Self {
        const SPELLINGS: [(&str, Dialect); 8] = [
            ("postgres", Dialect::PostgreSql),
            ("cockroach", Dialect::PostgreSql),
            ("redshift", Dialect::PostgreSql),
            ("mysql", Dialect::MySql),
            ("mariadb", Dialect::MySql),
            ("sqlite", Dialect::Sqlite),
            ("mssql", Dialect::MsSql),
            ("sqlserver", Dialect::MsSql),
        ];
        let letters = database_type.chars().filter(|letter| letter.is_ascii_alphanumeric());
        let word: String = letters.take(64).map(|letter| letter.to_ascii_lowercase()).collect();
        let known = SPELLINGS.iter().find(|(spelling, _)| word.contains(spelling));
        known.map_or(Self::Generic, |&(_, dialect)| dialect)
    }

    /// Standard enough for PostgreSQL's kinds of strings.
    pub(super) fn is_postgres_like(self) -> bool {
        matches!(self, Self::Generic | Self::PostgreSql)
    }
}
