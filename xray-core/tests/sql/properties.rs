//! Random queries whose literals are known. The seeds are fixed: a failure comes back.

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use xray_core::{
    document::MAX_SQL,
    sql::{Dialect, connection_string, connection_url, sanitize},
};

use crate::DIALECTS;

/// Stands in every string and every comment that is made here, and nowhere else.
const SECRET: &str = "SECRET";

/// What strings, comments and quoted names are made of.
const HOSTILE: &[&str] = &[
    "'", "''", "\"", "\\", "\\'", "--", "-- ", "/*", "*/", "$$", "$a$", "E'", "N'", ";", "\n",
    "\t", "?", "é", "`", "[", "]", "#", "(", ")", ",", "IN (", "VALUES (", " ", "x", "\u{2028}",
    "*",
];

/// A query and what is to be recorded of it.
#[derive(Default)]
struct Built {
    query: String,
    clean: String,
}

struct Maker {
    random: StdRng,
    dialect: Dialect,
}

impl Maker {
    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from.choose(&mut self.random).unwrap()
    }

    fn chance(&mut self, of: u32) -> bool {
        self.random.random_ratio(1, of)
    }

    fn is_postgres_like(&self) -> bool {
        matches!(self.dialect, Dialect::Generic | Dialect::PostgreSql)
    }

    /// Hostile text, with the secret where `secret`.
    fn text(&mut self, secret: bool) -> String {
        let mut text = String::new();
        for _ in 0..self.random.random_range(0..6) {
            text += self.pick(HOSTILE);
        }
        if secret {
            text += SECRET;
        }
        for _ in 0..self.random.random_range(0..6) {
            text += self.pick(HOSTILE);
        }
        text
    }

    fn string(&mut self) -> String {
        let text = self.text(true);
        let slashes = text.replace('\\', "\\\\");
        match self.random.random_range(0..5) {
            0 if self.is_postgres_like() => format!("$q${text}$q$"),
            1 if self.is_postgres_like() => format!("E'{}'", slashes.replace('\'', "\\'")),
            2 if self.is_postgres_like() => format!("u&'{}'", text.replace('\'', "''")),
            3 | 4 if self.dialect == Dialect::MySql => {
                let quote = self.pick(&["'", "\""]);
                let quoted = [self.pick(&["\\", quote]), quote].concat();
                format!("{quote}{}{quote}", slashes.replace(quote, &quoted))
            }
            _ => {
                let prefix = self.pick(&["", "", "N", "x"]);
                let text = if self.dialect == Dialect::MySql { slashes } else { text };
                format!("{prefix}'{}'", text.replace('\'', "''"))
            }
        }
    }

    /// No digit but 7 stands in a number, and 7 stands nowhere else.
    fn number(&mut self) -> &'static str {
        if self.dialect == Dialect::MsSql && self.chance(4) {
            return self.pick(&["$77.7", "$7"]);
        }
        self.pick(&["7", "77.7", ".7", "7.", "7e7", "7.7E-7", "0x7F7", "7_777", "7e+77"])
    }

    fn literal(&mut self) -> String {
        if self.chance(2) { self.string() } else { self.number().into() }
    }

    fn name(&mut self) -> String {
        let text = self.text(false);
        match (self.random.random_range(0..3), self.dialect) {
            (0, Dialect::MySql | Dialect::Sqlite | Dialect::Generic) => {
                format!("`{}`", text.replace('`', "``"))
            }
            (1, Dialect::MsSql) => format!("[{}]", text.replace(']', "]]")),
            (1, Dialect::Sqlite) => format!("[{}]", text.replace(']', "")),
            (_, Dialect::MySql) => "t1.größe".into(),
            _ => format!("\"{}\"", text.replace('"', "\"\"")),
        }
    }

    fn gap(&mut self) -> String {
        let mut gap = self.pick(&[" ", "\n", " \t", "\r\n "]).to_owned();
        while self.chance(3) {
            let text = self.text(true).replace(['\n', '\r'], " ");
            gap += &match self.random.random_range(0..3) {
                0 => format!("-- {text}\n"),
                1 if self.dialect == Dialect::MySql => format!("#{text}\n"),
                _ => format!(
                    "/*{} */",
                    text.replace("*/", "").replace("/*", "").replace(['*', '/'], "")
                ),
            };
        }
        gap
    }

    /// A value, a name, a parameter or a list, and how it is recorded.
    fn operand(&mut self) -> (String, String) {
        match self.random.random_range(0..9) {
            0..4 => (self.literal(), "?".into()),
            4 => {
                let name = self.name();
                (name.clone(), name)
            }
            5 => {
                let values: Vec<String> = (0..self.random.random_range(1..5))
                    .map(|_| self.pick(&["", "-", ""]).to_owned() + &self.literal())
                    .collect();
                let comma = self.pick(&[",", ", ", " , "]);
                (format!("a in ({})", values.join(comma)), "a in (?)".into())
            }
            6 => {
                let rows: Vec<String> = (0..self.random.random_range(1..5))
                    .map(|_| format!("(-{}, {}, a1)", self.number(), self.literal()))
                    .collect();
                (format!("VALUES {}", rows.join(",")), "VALUES (?, ?, a1)".into())
            }
            _ => {
                let word =
                    self.pick(&["a", "t1.c2", "NULL", "?", ":n", "@p", "f()", "名前1", "FALSE"]);
                (word.into(), word.into())
            }
        }
    }

    fn query(&mut self) -> Built {
        let mut built = Built { query: "SELECT ".into(), clean: "SELECT ".into() };
        for index in 0..self.random.random_range(1..12) {
            if index > 0 {
                let operator = self.pick(&["=", "<>", "+", "||", ",", "AND", "FROM"]);
                if operator.is_ascii()
                    && !operator.starts_with(char::is_alphabetic)
                    && self.chance(2)
                {
                    built.query += operator;
                    built.clean += operator;
                } else {
                    built.query += &[self.gap(), operator.into(), self.gap()].concat();
                    built.clean += &[" ", operator, " "].concat();
                }
            }
            let (text, clean) = self.operand();
            built.query += &text;
            built.clean += &clean;
        }
        built.query += &self.gap();
        built
    }
}

fn makers(seed: u64) -> impl Iterator<Item = Maker> {
    DIALECTS.into_iter().map(move |dialect| Maker { random: StdRng::seed_from_u64(seed), dialect })
}

#[track_caller]
fn holds_no_secret(clean: &str, query: &str, dialect: Dialect) {
    assert!(!clean.contains(SECRET) && !clean.contains('7'), "{dialect:?}: {query}\nreads {clean}");
    assert!(clean.chars().count() <= MAX_SQL);
}

#[test]
fn known_literals_vanish_and_all_else_stays() {
    for mut maker in makers(1) {
        for _ in 0..2000 {
            let Built { query, clean } = maker.query();
            assert_eq!(sanitize(&query, maker.dialect), clean, "{:?}: {query}", maker.dialect);
            assert_eq!(sanitize(&clean, maker.dialect), clean, "{:?}, twice", maker.dialect);
        }
    }
}

#[test]
fn a_query_that_is_cut_leaks_nothing() {
    for mut maker in makers(2) {
        for _ in 0..300 {
            let Built { query, .. } = maker.query();
            for (end, _) in query.char_indices() {
                let part = &query[..end];
                holds_no_secret(&sanitize(part, maker.dialect), part, maker.dialect);
            }
        }
    }
}

#[test]
fn no_mutation_makes_it_panic() {
    for mut maker in makers(3) {
        for _ in 0..1000 {
            let mut bytes = maker.query().query.into_bytes();
            for _ in 0..maker.random.random_range(1..8) {
                let at = maker.random.random_range(0..bytes.len());
                match maker.random.random_range(0..3) {
                    0 => bytes[at] = maker.random.random(),
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, *b"'\"\\$/*-[]`".choose(&mut maker.random).unwrap()),
                }
                bytes.push(b' ');
            }
            let query = String::from_utf8_lossy(&bytes);
            for dialect in DIALECTS {
                let clean = sanitize(&query, dialect);
                assert!(clean.chars().count() <= MAX_SQL);
                assert!(clean.len() <= query.len() * 2);
            }
        }
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let mut random = StdRng::seed_from_u64(4);
    for length in 0..700 {
        let bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
        let text = String::from_utf8_lossy(&bytes);
        for dialect in DIALECTS {
            assert!(sanitize(&text, dialect).chars().count() <= MAX_SQL);
        }
        assert!(connection_url(&text).len() <= text.len());
        assert!(connection_string(&text).len() <= text.len());
    }
}

#[test]
fn no_password_is_left_in_a_connection() {
    const LETTERS: &[&str] = &["a", "Z", "!", "&", "é", "%40", "\"", "~", "(", "}", "\\", ","];
    let mut random = StdRng::seed_from_u64(5);
    for _ in 0..5000 {
        let mut password = String::new();
        for _ in 0..random.random_range(0..5) {
            password += LETTERS.choose(&mut random).unwrap();
        }
        password += SECRET;
        let odd = ["", "@", "/", "?", "#", ":"].choose(&mut random).unwrap();
        let url = format!("mysql://app:{password}{odd}{SECRET}@db:3306/shop?a=b");
        assert_eq!(connection_url(&url), "mysql://app@db:3306/shop", "{url}");

        let braced = password.replace('}', "}}");
        let text = format!("Server=db;Pwd={{;{braced};}};Database=shop");
        assert_eq!(connection_string(&text), "Server=db;Database=shop", "{text}");
        let quoted = password.replace('\\', "\\\\");
        let text = format!("host=db password=' {quoted} ' dbname=shop");
        assert_eq!(connection_string(&text), "host=db dbname=shop", "{text}");
    }
}
