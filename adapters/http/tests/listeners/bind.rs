//! Addresses that cannot be had.

use std::sync::Arc;

use frontdesk_http::{BindError, PrivateListener, PrivateSettings};

use crate::fixture::{Check, Desk, Lines, Page, loopback};

fn bind(addr: std::net::SocketAddr) -> Result<PrivateListener, BindError> {
    let check = Check {
        ready: Some(true).into(),
        asked: 0.into(),
    };
    PrivateListener::bind(
        PrivateSettings::new(addr),
        Arc::new(check),
        Arc::new(Page),
        None,
        &Lines::default().logger(),
    )
}

#[tokio::test]
async fn a_busy_port_is_one_line_that_says_what_to_do() {
    let desk = Desk::open();
    let error = bind(desk.addr).unwrap_err();
    assert!(matches!(error, BindError::InUse { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {}: another program uses this port; stop it or set ADMIN_ADDR to another address",
            desk.addr
        )
    );
}

#[tokio::test]
async fn an_address_of_another_machine_says_so() {
    let error = bind(([192, 0, 2, 1], 0).into()).unwrap_err();
    assert!(matches!(error, BindError::NotOurs { .. }), "{error}");
    assert!(error.to_string().contains("this machine has no such address"));
}

#[test]
fn outside_a_runtime_it_is_an_error_and_no_panic() {
    let error = bind(loopback()).unwrap_err();
    assert!(matches!(error, BindError::Other { .. }), "{error}");
}

#[tokio::test]
async fn a_port_can_be_taken_again_at_once() {
    let desk = Desk::open();
    let addr = desk.addr;
    assert_eq!(
        crate::client::ask(addr, &crate::client::plain("GET", "/health/live"))
            .await
            .status,
        200
    );
    desk.stop().await.unwrap();
    assert_eq!(bind(addr).unwrap().local_addr(), addr);
}
