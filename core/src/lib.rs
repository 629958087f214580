//! The domain of Frontdesk: ports, entities, the dialogue and the use cases. No I/O.

pub mod knowledge;
