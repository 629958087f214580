//! The messenger port in a terminal.
