//! Settings, logging, wiring and lifecycle: the one composition root.
