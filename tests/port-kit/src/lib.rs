//! The conformance suite for any adapter of any port of Frontdesk.
