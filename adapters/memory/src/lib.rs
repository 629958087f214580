//! Every port of Frontdesk in memory: the embedded cache, and what testers use.
