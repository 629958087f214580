//! Who may do what: every route with every role, and tokens that open nothing.

use std::time::Duration;

use frontdesk_core::access::{Caller, Role};
use frontdesk_core::port::Clock as _;
use frontdesk_core::port::back_office::Paging;

use crate::world::{BOOTSTRAP, World};

/// Method, path, and the least role. Every route of the document is here.
const TABLE: &[(&str, &str, &str)] = &[
    ("GET", "/conversations", "viewer"),
    ("GET", "/conversations/{id}", "viewer"),
    ("GET", "/conversations/{id}/messages", "viewer"),
    ("GET", "/conversations/{id}/attachments", "viewer"),
    ("GET", "/attachments/{id}/content", "viewer"),
    ("POST", "/conversations/{id}/close", "agent"),
    ("POST", "/conversations/{id}/archive", "agent"),
    ("GET", "/leads", "viewer"),
    ("GET", "/leads/{id}", "viewer"),
    ("POST", "/leads/{id}/stage", "agent"),
    ("GET", "/users/{channel}/{user_id}/rate-limit", "viewer"),
    ("GET", "/stats", "viewer"),
    ("GET", "/work", "viewer"),
    ("GET", "/knowledge", "viewer"),
    ("POST", "/knowledge", "admin"),
    ("PATCH", "/knowledge/{id}", "admin"),
    ("GET", "/dead-letters", "viewer"),
    ("POST", "/dead-letters/{number}/retry", "admin"),
    ("POST", "/dead-letters/{number}/drop", "admin"),
    ("GET", "/audit", "admin"),
    ("GET", "/tokens", "admin"),
    ("POST", "/tokens", "admin"),
    ("DELETE", "/tokens/{id}", "admin"),
];

#[tokio::test]
async fn every_route_opens_to_its_role_and_no_lower_one() {
    let world = World::open().await;
    let described: usize = world.document.0["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|operations| operations.as_object().unwrap().len())
        .sum();
    assert_eq!(described, TABLE.len(), "the table has every route");
    let rank = |role: &str| {
        ["none", "viewer", "agent", "admin"]
            .iter()
            .position(|known| *known == role)
    };
    let shown = [
        ("none", ""),
        ("viewer", world.viewer.as_str()),
        ("agent", &world.agent),
        ("admin", &world.admin),
        ("admin", BOOTSTRAP),
    ];
    for (method, template, least) in TABLE {
        let operation = &world.document.0["paths"][format!("/admin/api/v1{template}")][method.to_lowercase()];
        assert_eq!(operation["x-role"], *least, "{method} {template}");
        // An id that nobody has: whoever may ask is told so.
        let path = template
            .replace("{id}", "01999999-9999-7999-8999-999999999999")
            .replace("{number}", "424242")
            .replace("{channel}", "telegram")
            .replace("{user_id}", "7");
        for (role, token) in shown {
            let status = world.ask(method, &path, token, None).await.status;
            if role == "none" {
                assert_eq!(status, 401, "{method} {path} by nobody");
            } else if rank(role) < rank(least) {
                assert_eq!(status, 403, "{method} {path} by {role}");
            } else {
                assert!(
                    ![401, 403].contains(&status),
                    "{method} {path} by {role}: {status}"
                );
            }
        }
    }
}

#[tokio::test]
async fn tokens_that_open_nothing() {
    let world = World::open().await;
    let soon = world.clock.now() + Duration::from_mins(5);
    let ending = world.token(Role::Admin, Some(soon)).await;
    assert_eq!(world.ask("GET", "/work", ending.expose(), None).await.status, 200);
    world.clock.advance(Duration::from_mins(5));
    let revoked = world.token(Role::Admin, None).await;
    let tokens = world.office.tokens(&Paging::first(1)).await.unwrap();
    let id = tokens.items[0].token.id;
    assert_eq!(
        world.ask("GET", "/work", revoked.expose(), None).await.status,
        200
    );
    world.office.revoke_token(&Caller::bootstrap(), id).await.unwrap();
    let mut near = world.admin.clone();
    let last = if near.ends_with('0') { "1" } else { "0" };
    near.replace_range(near.len() - 1.., last);
    let stranger = format!("fd_{}", "0".repeat(64));
    let whole = [
        ending.expose(),
        revoked.expose(),
        &near,
        &stranger,
        "fd_",
        "x",
        &world.admin[..20],
    ];
    for token in whole {
        let answer = world.ask("GET", "/work", token, None).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"));
        assert!(!answer.body.contains(token) || token.len() < 4);
    }
}

#[tokio::test]
async fn the_header_must_be_there_once_and_of_its_scheme() {
    let world = World::open().await;
    let ask = async |lines: &str| {
        let path = "/admin/api/v1/work";
        let request = format!("GET {path} HTTP/1.1\r\nHost: desk\r\n{lines}\r\n");
        world.ask_raw("GET", path, &request).await.status
    };
    let token = &world.viewer;
    assert_eq!(ask(&format!("Authorization: bearer {token}\r\n")).await, 200);
    assert_eq!(ask(&format!("Authorization: Basic {token}\r\n")).await, 401);
    assert_eq!(ask(&format!("Authorization: {token}\r\n")).await, 401);
    assert_eq!(ask("Authorization: Bearer \r\n").await, 401);
    let twice = format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n");
    assert_eq!(ask(&twice).await, 401);
}

#[tokio::test]
async fn what_is_not_in_the_table_is_refused() {
    let world = World::open().await;
    for (method, path) in [
        ("GET", "/nothing"),
        ("GET", ""),
        ("GET", "/conversations/"),
        ("PUT", "/tokens"),
    ] {
        assert_eq!(
            world.ask(method, path, "", None).await.status,
            401,
            "{path} by nobody"
        );
    }
    for path in [
        "/nothing",
        "",
        "/",
        "/conversations/",
        "/conversations/x",
        "/leads/7",
        "/tokens/x",
    ] {
        let status = world.ask("GET", path, &world.admin, None).await.status;
        assert!([404, 405].contains(&status), "{path}: {status}");
    }
    let answer = world.ask("PUT", "/tokens", &world.admin, None).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD, POST"))
    );
    let answer = world
        .ask("GET", "/conversations/x/close", &world.admin, None)
        .await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn a_use_is_noted_once_a_minute() {
    let world = World::open().await;
    let last_used = async || {
        let tokens = world.office.tokens(&Paging::first(10)).await.unwrap();
        let found = tokens
            .items
            .into_iter()
            .find(|owned| owned.agent.role == Role::Viewer);
        found.unwrap().token.last_used_at
    };
    assert_eq!(last_used().await, None);
    world.ask("GET", "/work", &world.viewer, None).await;
    let first = last_used().await;
    assert_eq!(first, Some(world.clock.now()));
    world.clock.advance(Duration::from_secs(59));
    world.ask("GET", "/work", &world.viewer, None).await;
    assert_eq!(last_used().await, first);
    world.clock.advance(Duration::from_secs(1));
    world.ask("GET", "/work", &world.viewer, None).await;
    assert_eq!(last_used().await, Some(world.clock.now()));
}
