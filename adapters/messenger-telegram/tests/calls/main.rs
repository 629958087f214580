//! Calls over a real socket: what is written, and what becomes of every way to fail.

mod failing;
mod server;
mod writing;
