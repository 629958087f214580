//! The databases a test runs on: each test has one of its own.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use tokio_postgres::{Client, NoTls};

/// Names the server for Postgres tests: `postgres://USER@HOST:PORT/DATABASE`, whose user may make databases.
const SERVER: &str = "FRONTDESK_TEST_POSTGRES";

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in the test's folder.
    Sqlite,
    /// A database on the server that `FRONTDESK_TEST_POSTGRES` names.
    Postgres,
}

/// One test's database; dropped with it.
#[derive(Debug)]
pub struct Database {
    /// What DATABASE_URL is set to.
    pub url: String,
    made: Option<Made>,
}

#[derive(Debug)]
struct Made {
    server: String,
    name: String,
}

impl Database {
    /// A new, empty one; `None`, and a line that says so, where there is no server for it. In CI, where
    /// nothing is skipped, that is a failure.
    pub async fn new(backend: Backend, folder: &Path) -> Option<Database> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        if backend == Backend::Sqlite {
            let path = folder.join("data/frontdesk.db");
            return Some(Database {
                url: format!("sqlite://{}", path.display()),
                made: None,
            });
        }
        let Some(server) = variable(SERVER) else {
            assert!(
                variable("CI").as_deref() != Some("true"),
                "{SERVER} is not set, and in CI nothing is skipped: set it to postgres://USER@HOST:PORT/postgres"
            );
            skipped();
            return None;
        };
        let name = format!(
            "e2e_{}_{}",
            std::process::id(),
            MADE.fetch_add(1, Ordering::Relaxed)
        );
        let client = connect(&server).await;
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .expect("making a database");
        Some(Database {
            url: named(&server, &name),
            made: Some(Made { server, name }),
        })
    }

    /// Whether it is on Postgres.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.made.is_some()
    }

    /// Runs statements in it.
    pub async fn execute(&self, sql: &str) {
        self.attempt(sql)
            .await
            .unwrap_or_else(|why| panic!("{sql}: {why}"));
    }

    /// Runs statements in it that it may refuse.
    ///
    /// # Errors
    /// What the database says.
    pub async fn attempt(&self, sql: &str) -> Result<(), String> {
        if let Some(path) = self.url.strip_prefix("sqlite://") {
            let mut conn = SqliteConnection::establish(path).map_err(|error| error.to_string())?;
            return conn.batch_execute(sql).map_err(|error| error.to_string());
        }
        let client = connect(&self.url).await;
        client.batch_execute(sql).await.map_err(|error| {
            let said = error.as_db_error().map(|refused| refused.message().to_owned());
            said.unwrap_or_else(|| error.to_string())
        })
    }

    /// The one number that a query gives (Postgres).
    pub async fn number(&self, sql: &str) -> i64 {
        let client = connect(&self.url).await;
        client.query_one(sql, &[]).await.expect(sql).get(0)
    }

    /// The rows of a query, each as the text of a JSON object; SQLite's from the file, beside whoever has
    /// it open.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        match &self.made {
            Some(_) => {
                let client = connect(&self.url).await;
                let sql = format!("SELECT row_to_json(t)::text FROM ({sql}) AS t");
                let rows = client.query(&sql, &[]).await.expect(&sql);
                rows.iter().map(|row| row.get(0)).collect()
            }
            None => sqlite::rows(self.url.trim_start_matches("sqlite://"), sql),
        }
    }

    /// Cuts every connection to it and lets no new one in, as if the server were gone (Postgres).
    pub async fn close(&self) {
        let Some(made) = &self.made else { return };
        let name = &made.name;
        let client = connect(&made.server).await;
        client
            .batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
            .await
            .expect("closing a database");
        client
            .batch_execute(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ))
            .await
            .expect("cutting its connections");
    }

    /// Lets connections in again.
    pub async fn reopen(&self) {
        let Some(made) = &self.made else { return };
        let client = connect(&made.server).await;
        client
            .batch_execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", made.name))
            .await
            .expect("opening a database");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(Made { server, name }) = self.made.take() else {
            return;
        };
        // A thread of its own: the test's runtime may be ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let client = connect(&server).await;
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                client
                    .batch_execute(&statement)
                    .await
                    .map_err(std::io::Error::other)
            })
        })
        .join();
        if !std::thread::panicking() {
            assert!(matches!(dropped, Ok(Ok(()))), "dropping a database: {dropped:?}");
        }
    }
}

/// Reading SQLite's file.
mod sqlite {
    use diesel::connection::SimpleConnection as _;
    use diesel::sql_types::Text;
    use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};

    #[derive(QueryableByName)]
    struct One {
        #[diesel(sql_type = Text)]
        text: String,
    }

    fn texts(conn: &mut SqliteConnection, sql: &str) -> Vec<String> {
        let rows: Vec<One> = sql_query(sql).load(conn).expect(sql);
        rows.into_iter().map(|row| row.text).collect()
    }

    pub(super) fn rows(path: &str, sql: &str) -> Vec<String> {
        let mut conn = SqliteConnection::establish(path).expect("opening the database");
        // A view tells the names of a query's columns.
        conn.batch_execute(&format!("CREATE TEMP VIEW asked AS {sql}"))
            .expect(sql);
        let names = texts(&mut conn, "SELECT name AS text FROM pragma_table_info('asked')");
        let pairs: Vec<String> = names.iter().map(|name| format!("'{name}', \"{name}\"")).collect();
        let as_json = format!("SELECT json_object({}) AS text FROM asked", pairs.join(", "));
        texts(&mut conn, &as_json)
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("connecting to the server that FRONTDESK_TEST_POSTGRES names");
    tokio::spawn(async move {
        // How the connection ends is told to the client's calls.
        drop(connection.await);
    });
    client
}

/// The server's URL with another database.
fn named(server: &str, database: &str) -> String {
    let (address, query) = match server.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (server, String::new()),
    };
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let root = match address[after_scheme..].find('/') {
        Some(slash) => &address[..after_scheme + slash],
        None => address,
    };
    format!("{root}/{database}{query}")
}

fn skipped() {
    use std::io::Write as _;
    // Written past the capture of the test runner: what is skipped must be seen.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    drop(writeln!(
        std::io::stderr(),
        "SKIPPED: {test}: {SERVER} is not set"
    ));
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the tests' databases are is no setting of the product"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
