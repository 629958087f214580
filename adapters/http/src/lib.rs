//! The HTTP side of Frontdesk: webhook and health, on hyper.
