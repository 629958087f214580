//! Taking an address, and saying in one line what to do when that fails.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;

/// Connections the system keeps waiting while we accept none.
const BACKLOG: u32 = 1_024;

/// An address could not be listened on. Each text is one line that says what to do.
#[derive(Debug, Error)]
pub enum BindError {
    /// Another program listens there.
    #[error(
        "cannot listen on {addr}: another program uses this port; stop it or set {setting} to another address"
    )]
    InUse {
        /// The address asked for.
        addr: SocketAddr,
        /// The setting it came from.
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not let this user listen there.
    #[error(
        "cannot listen on {addr}: no permission; set {setting} to a port of 1024 or above, or grant this program CAP_NET_BIND_SERVICE"
    )]
    NotPermitted {
        /// The address asked for.
        addr: SocketAddr,
        /// The setting it came from.
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// No interface of this machine has the address.
    #[error(
        "cannot listen on {addr}: this machine has no such address; set {setting} to one of its own, or to 0.0.0.0 for all"
    )]
    NotOurs {
        /// The address asked for.
        addr: SocketAddr,
        /// The setting it came from.
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else.
    #[error("cannot listen on {addr} ({setting}): {source}")]
    Other {
        /// The address asked for.
        addr: SocketAddr,
        /// The setting it came from.
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// Listens on the address. Connections are queued by the system from here on.
pub(crate) fn listen(
    addr: SocketAddr,
    setting: &'static str,
) -> Result<(TcpListener, SocketAddr), BindError> {
    try_listen(addr).map_err(|source| match source.kind() {
        ErrorKind::AddrInUse => BindError::InUse {
            addr,
            setting,
            source,
        },
        ErrorKind::PermissionDenied => BindError::NotPermitted {
            addr,
            setting,
            source,
        },
        ErrorKind::AddrNotAvailable => BindError::NotOurs {
            addr,
            setting,
            source,
        },
        _ => BindError::Other {
            addr,
            setting,
            source,
        },
    })
}

fn try_listen(addr: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    // `listen` below would panic outside a runtime.
    Handle::try_current().map_err(io::Error::other)?;
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // A restart must not wait for the old connections' TIME_WAIT. On Windows the option means something else.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    let listener = socket.listen(BACKLOG)?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}
