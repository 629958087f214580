//! The store port on Postgres and SQLite, one schema, with Diesel.
