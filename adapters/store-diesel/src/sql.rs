//! Statements written by hand: those on the work tables, where every lock and every index counts.
//!
//! One text serves both databases. Each `?` of it stands for a [`Part`], which writes itself in the
//! database's own words: a set of rows is `unnest(…)` in Postgres and `json_each(…)` in SQLite, the
//! time is Postgres' `now()` and the process' clock for SQLite, which has none of its own. Statements
//! are prepared once a connection and text.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Double, HasSqlType, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;
use serde_json::Value;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::OnceLock;
use std::time::Duration;

use crate::clock;
use crate::types::{At, Doc, Id, Json, Moment, Uuid};

/// A statement. `ST` is the SQL type of its rows.
#[derive(Debug, Clone)]
pub struct Sql<ST = ()> {
    text: Cow<'static, str>,
    parts: Vec<Part>,
    rows: PhantomData<ST>,
}

/// What a `?` stands for.
#[derive(Debug, Clone)]
enum Part {
    Int(i64),
    Small(i32),
    Flag(bool),
    Text(String),
    MaybeText(Option<String>),
    Id(Id),
    MaybeId(Option<Id>),
    Doc(Doc),
    At(At),
    /// So long after now.
    After {
        micros: i64,
        local: At,
    },
    /// A lease from now, up to half of it longer, at random for each row.
    Lease {
        micros: i64,
        seconds: f64,
        local: At,
    },
    /// `(…)` after `IN`.
    Set(Column, OnceLock<String>),
    /// A table to select from.
    Rows {
        alias: &'static str,
        columns: Vec<(&'static str, Column)>,
        json: OnceLock<String>,
    },
    /// Words only Postgres needs: locks.
    OnlyPostgres(&'static str),
}

/// Values of one column of a set of rows.
#[derive(Debug, Clone)]
pub enum Column {
    /// 64-bit integers.
    Ints(Vec<i64>),
    /// 64-bit integers or null.
    MaybeInts(Vec<Option<i64>>),
    /// 32-bit integers.
    Smalls(Vec<i32>),
    /// Texts.
    Texts(Vec<String>),
    /// UUIDs.
    Ids(Vec<Id>),
    /// UUIDs or null.
    MaybeIds(Vec<Option<Id>>),
    /// How long from now: microseconds in Postgres, points in time in SQLite. See [`FROM_NOW`].
    Afters(Vec<i64>),
    /// Any bytes.
    Bytes(Vec<Vec<u8>>),
    /// Documents.
    Docs(Vec<Doc>),
}

/// What goes before a column of [`Column::Afters`] to make it a point in time.
pub const FROM_NOW: &str = "now() + interval '1 microsecond' * ";

impl Column {
    /// How long from now each is.
    pub fn afters(waits: impl Iterator<Item = Duration>) -> Self {
        Column::Afters(
            waits
                .map(|wait| i64::try_from(wait.as_micros()).unwrap_or(i64::MAX))
                .collect(),
        )
    }
}

impl<ST> Sql<ST> {
    /// A statement with this text.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Sql {
            text: text.into(),
            parts: Vec::new(),
            rows: PhantomData,
        }
    }

    fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// The next `?` is an integer.
    pub fn int(self, value: i64) -> Self {
        self.part(Part::Int(value))
    }

    /// The next `?` is an integer of 32 bits.
    pub fn small(self, value: i32) -> Self {
        self.part(Part::Small(value))
    }

    /// The next `?` is a truth value.
    pub fn flag(self, value: bool) -> Self {
        self.part(Part::Flag(value))
    }

    /// The next `?` is a text.
    pub fn text(self, value: impl Into<String>) -> Self {
        self.part(Part::Text(value.into()))
    }

    /// The next `?` is a text or null.
    pub fn maybe_text(self, value: Option<String>) -> Self {
        self.part(Part::MaybeText(value))
    }

    /// The next `?` is an id.
    pub fn id(self, value: uuid::Uuid) -> Self {
        self.part(Part::Id(Id(value)))
    }

    /// The next `?` is an id or null.
    pub fn maybe_id(self, value: Option<uuid::Uuid>) -> Self {
        self.part(Part::MaybeId(value.map(Id)))
    }

    /// The next `?` is a document.
    pub fn doc(self, value: serde_json::Value) -> Self {
        self.part(Part::Doc(Doc(value)))
    }

    /// The next `?` is a point in time.
    pub fn at(self, value: frontdesk_core::time::Timestamp) -> Self {
        self.part(Part::At(At(value)))
    }

    /// The next `?` is now, by the store's clock.
    pub fn now(self) -> Self {
        self.after(Duration::ZERO)
    }

    /// The next `?` is so long from now, by the store's clock.
    pub fn after(self, wait: Duration) -> Self {
        let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        self.part(Part::After {
            micros,
            local: At(clock::now() + wait),
        })
    }

    /// The next `?` is the end of a lease from now, with up to half of it added, at random for each row.
    pub fn lease(self, lease: Duration) -> Self {
        let micros = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX);
        self.part(Part::Lease {
            micros,
            seconds: lease.as_secs_f64(),
            local: At(clock::now()),
        })
    }

    /// The next `?` is so long ago, by the store's clock.
    pub fn ago(self, age: Duration) -> Self {
        let micros = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        self.part(Part::After {
            micros: -micros,
            local: At(clock::now() - age),
        })
    }

    /// The next `?`, after `IN`, is a set of values.
    pub fn set(self, values: Column) -> Self {
        self.part(Part::Set(values, OnceLock::new()))
    }

    /// The next `?`, after `FROM`, is a table with these columns.
    pub fn table(self, alias: &'static str, columns: Vec<(&'static str, Column)>) -> Self {
        self.part(Part::Rows {
            alias,
            columns,
            json: OnceLock::new(),
        })
    }

    /// The next `?` is these words in Postgres and nothing in SQLite.
    pub fn only_postgres(self, words: &'static str) -> Self {
        self.part(Part::OnlyPostgres(words))
    }
}

impl<ST> QueryId for Sql<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Sql<ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Pg> for Sql<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        walk(&self.text, &self.parts, &mut out, |part, out| match part {
            Part::After { micros: 0, .. } => {
                out.push_sql("now()");
                Ok(())
            }
            Part::After { micros, .. } => {
                out.push_sql("(now() + ");
                out.push_bind_param::<BigInt, _>(micros)?;
                out.push_sql(" * interval '1 microsecond')");
                Ok(())
            }
            Part::Lease { micros, .. } => {
                out.push_sql("(now() + ");
                out.push_bind_param::<BigInt, _>(micros)?;
                out.push_sql(" * (1 + 0.5 * random()) * interval '1 microsecond')");
                Ok(())
            }
            Part::Set(column, _) => {
                out.push_sql("(SELECT unnest(");
                column.push_array(out)?;
                out.push_sql("))");
                Ok(())
            }
            Part::Rows { alias, columns, .. } => {
                out.push_sql("unnest(");
                for (index, (_, column)) in columns.iter().enumerate() {
                    if index > 0 {
                        out.push_sql(", ");
                    }
                    column.push_array(out)?;
                }
                out.push_sql(") AS ");
                out.push_sql(alias);
                out.push_sql(" (");
                for (index, (name, _)) in columns.iter().enumerate() {
                    if index > 0 {
                        out.push_sql(", ");
                    }
                    out.push_sql(name);
                }
                out.push_sql(")");
                Ok(())
            }
            Part::OnlyPostgres(words) => {
                out.push_sql(words);
                Ok(())
            }
            scalar => scalar.push_scalar(out),
        })
    }
}

impl<ST> QueryFragment<Sqlite> for Sql<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        walk(&self.text, &self.parts, &mut out, |part, out| match part {
            Part::After { local, .. } => out.push_bind_param::<Moment, _>(local),
            Part::Lease { seconds, local, .. } => {
                out.push_sql("strftime('%Y-%m-%dT%H:%M:%f000Z', ");
                out.push_bind_param::<Moment, _>(local)?;
                out.push_sql(", (");
                out.push_bind_param::<Double, _>(seconds)?;
                out.push_sql(" * (1.0 + abs(random() % 1000) / 2000.0)) || ' seconds')");
                Ok(())
            }
            Part::Set(column, json) => {
                out.push_sql("(SELECT value FROM json_each(");
                out.push_bind_param::<Text, String>(json.get_or_init(|| column.json_list()))?;
                out.push_sql("))");
                Ok(())
            }
            Part::Rows { alias, columns, json } => {
                out.push_sql("(SELECT ");
                for (index, (name, column)) in columns.iter().enumerate() {
                    if index > 0 {
                        out.push_sql(", ");
                    }
                    out.push_sql(&column.json_field(index));
                    out.push_sql(" AS ");
                    out.push_sql(name);
                }
                out.push_sql(" FROM json_each(");
                out.push_bind_param::<Text, String>(json.get_or_init(|| json_rows(columns)))?;
                out.push_sql(")) AS ");
                out.push_sql(alias);
                Ok(())
            }
            Part::OnlyPostgres(_) => Ok(()),
            scalar => scalar.push_scalar(out),
        })
    }
}

/// Writes the text, and each part where its `?` is.
fn walk<'b, DB: Backend>(
    text: &str,
    parts: &'b [Part],
    out: &mut AstPass<'_, 'b, DB>,
    write: impl Fn(&'b Part, &mut AstPass<'_, 'b, DB>) -> QueryResult<()>,
) -> QueryResult<()> {
    let mut parts = parts.iter();
    for (index, words) in text.split('?').enumerate() {
        if index > 0 {
            let part = parts.next().ok_or_else(|| miscounted(text))?;
            write(part, out)?;
        }
        out.push_sql(words);
    }
    match parts.next() {
        None => Ok(()),
        Some(_) => Err(miscounted(text)),
    }
}

fn miscounted(text: &str) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(format!("parts and `?` do not match in: {text}").into())
}

impl Part {
    /// Writes a single value. The other kinds of parts are written by each database.
    fn push_scalar<'b, DB>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Backend
            + HasSqlType<Bool>
            + HasSqlType<BigInt>
            + HasSqlType<Text>
            + HasSqlType<Uuid>
            + HasSqlType<Moment>
            + HasSqlType<Json>,
        i64: ToSql<BigInt, DB>,
        i32: ToSql<Integer, DB>,
        bool: ToSql<Bool, DB>,
        String: ToSql<Text, DB>,
        Id: ToSql<Uuid, DB>,
        Doc: ToSql<Json, DB>,
        At: ToSql<Moment, DB>,
        Option<String>: ToSql<Nullable<Text>, DB>,
        Option<Id>: ToSql<Nullable<Uuid>, DB>,
    {
        match self {
            Part::Int(value) => out.push_bind_param::<BigInt, _>(value),
            Part::Small(value) => out.push_bind_param::<Integer, _>(value),
            Part::Flag(value) => out.push_bind_param::<Bool, _>(value),
            Part::Text(value) => out.push_bind_param::<Text, _>(value),
            Part::MaybeText(value) => out.push_bind_param::<Nullable<Text>, _>(value),
            Part::Id(value) => out.push_bind_param::<Uuid, _>(value),
            Part::MaybeId(value) => out.push_bind_param::<Nullable<Uuid>, _>(value),
            Part::Doc(value) => out.push_bind_param::<Json, _>(value),
            Part::At(value) => out.push_bind_param::<Moment, _>(value),
            Part::After { .. }
            | Part::Lease { .. }
            | Part::Set(..)
            | Part::Rows { .. }
            | Part::OnlyPostgres(_) => Err(diesel::result::Error::QueryBuilderError(
                "not a single value".into(),
            )),
        }
    }
}

impl Column {
    fn push_array<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Column::Ints(values) | Column::Afters(values) => out.push_bind_param::<Array<BigInt>, _>(values),
            Column::MaybeInts(values) => out.push_bind_param::<Array<Nullable<BigInt>>, _>(values),
            Column::Smalls(values) => out.push_bind_param::<Array<Integer>, _>(values),
            Column::Texts(values) => out.push_bind_param::<Array<Text>, _>(values),
            Column::Ids(values) => out.push_bind_param::<Array<Uuid>, _>(values),
            Column::MaybeIds(values) => out.push_bind_param::<Array<Nullable<Uuid>>, _>(values),
            Column::Bytes(values) => out.push_bind_param::<Array<Binary>, _>(values),
            Column::Docs(values) => out.push_bind_param::<Array<Json>, _>(values),
        }
    }

    /// How SQLite reads this column, the one at `index`, from a row that is a JSON list.
    fn json_field(&self, index: usize) -> String {
        match self {
            Column::Bytes(_) => format!("unhex(value ->> {index})"),
            Column::Docs(_) => format!("value -> {index}"),
            Column::Ints(_)
            | Column::MaybeInts(_)
            | Column::Smalls(_)
            | Column::Texts(_)
            | Column::Ids(_)
            | Column::MaybeIds(_)
            | Column::Afters(_) => format!("value ->> {index}"),
        }
    }

    fn json_values(&self) -> Vec<Value> {
        match self {
            Column::Ints(values) => values.iter().map(|value| Value::from(*value)).collect(),
            Column::MaybeInts(values) => values.iter().map(|value| Value::from(*value)).collect(),
            Column::Smalls(values) => values.iter().map(|value| Value::from(*value)).collect(),
            Column::Texts(values) => values.iter().map(|value| Value::from(value.as_str())).collect(),
            Column::Ids(values) => values.iter().map(|id| Value::from(id.0.to_string())).collect(),
            Column::MaybeIds(values) => values
                .iter()
                .map(|id| Value::from(id.map(|id| id.0.to_string())))
                .collect(),
            Column::Afters(values) => {
                let now = clock::now();
                let from_now =
                    |micros: &i64| now + Duration::from_micros(u64::try_from(*micros).unwrap_or(0));
                values
                    .iter()
                    .map(|micros| Value::from(from_now(micros).to_string()))
                    .collect()
            }
            Column::Bytes(values) => values.iter().map(|bytes| Value::from(hex(bytes))).collect(),
            Column::Docs(values) => values.iter().map(|doc| doc.0.clone()).collect(),
        }
    }

    fn json_list(&self) -> String {
        Value::Array(self.json_values()).to_string()
    }
}

fn json_rows(columns: &[(&'static str, Column)]) -> String {
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for (_, column) in columns {
        let values = column.json_values();
        rows.resize_with(rows.len().max(values.len()), Vec::new);
        for (row, value) in rows.iter_mut().zip(values) {
            row.push(value);
        }
    }
    Value::Array(rows.into_iter().map(Value::Array).collect()).to_string()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
