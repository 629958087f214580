//! Lists and what is in them.

use serde_json::{Value, json};

use crate::world::World;

fn items(list: &Value) -> &Vec<Value> {
    list["items"].as_array().unwrap()
}

#[tokio::test]
async fn cases_are_listed_in_parts_and_filtered() {
    let world = World::open().await;
    let all = world.get("/conversations").await;
    let chats = |list: &Value| -> Vec<i64> {
        let chats = items(list)
            .iter()
            .map(|case| case["client"]["chat_id"].as_i64().unwrap());
        chats.collect()
    };
    assert_eq!(chats(&all), [3, 2, 1], "newest first");
    assert_eq!(all["next_cursor"], Value::Null);
    let first = world.get("/conversations?limit=2").await;
    assert_eq!(chats(&first), [3, 2]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world
        .get(&format!("/conversations?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(chats(&second), [1]);
    assert_eq!(second["next_cursor"], Value::Null);
    let client = items(&all)[1]["client"]["id"].as_str().unwrap();
    for (filter, expected) in [
        ("status=closed".to_owned(), vec![2]),
        ("status=active&owner=bot".to_owned(), vec![3, 1]),
        ("owner=agent".to_owned(), vec![]),
        ("lead_score=hot".to_owned(), vec![]),
        (format!("client={client}"), vec![2]),
    ] {
        let found = world.get(&format!("/conversations?{filter}")).await;
        assert_eq!(chats(&found), expected, "{filter}");
    }
}

#[tokio::test]
async fn a_case_its_messages_and_its_lead() {
    let world = World::open().await;
    let all = world.get("/conversations").await;
    let case = &items(&all)[0];
    let id = case["id"].as_str().unwrap();
    assert_eq!(&world.get(&format!("/conversations/{id}")).await, case);
    assert_eq!(case["client"]["display_name"], "Zoë");
    assert_eq!(case["created_at"], "2026-09-21T14:13:23.000000Z");
    let first = world.get(&format!("/conversations/{id}/messages?limit=2")).await;
    let said = |list: &Value| -> Vec<String> {
        let said = items(list)
            .iter()
            .map(|message| message["content"].as_str().unwrap().to_owned());
        said.collect()
    };
    assert_eq!(said(&first), ["three", "two"]);
    let used = json!({
        "model": "LongCat-2.0", "tokens_in": 900, "tokens_out": 70, "latency_ms": 1200,
        "confidence": 0.5, "cost_micros": null,
    });
    assert_eq!(
        (&items(&first)[0]["llm"], &items(&first)[1]["llm"]),
        (&used, &Value::Null)
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = world
        .get(&format!("/conversations/{id}/messages?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(
        (said(&rest), &rest["next_cursor"]),
        (vec!["one".to_owned()], &Value::Null)
    );
    let lead = case["lead_id"].as_str().unwrap();
    let file = world.get(&format!("/leads/{lead}")).await;
    assert_eq!(file["lead"]["conversation_id"], id);
    assert_eq!(file["history"].as_array().unwrap().len(), 1);
    assert_eq!(items(&world.get("/leads?stage=new&score=cold").await).len(), 1);
    assert_eq!(items(&world.get("/leads?stage=won").await).len(), 0);
}

#[tokio::test]
async fn figures_work_and_limits() {
    let world = World::open().await;
    let stats = world
        .get("/stats?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z")
        .await;
    assert_eq!(stats["funnel"]["conversations"], 3);
    assert_eq!(stats["funnel"]["leads"], 1);
    assert_eq!(stats["funnel"]["closed"], 1);
    assert_eq!(stats["funnel"]["reached_stage"]["new"], 1);
    assert_eq!(stats["deflection"]["rate"], 1.0);
    let none = world
        .get("/stats?from=2020-01-01T00:00:00Z&to=2021-01-01T00:00:00Z")
        .await;
    assert_eq!(none["deflection"]["rate"], Value::Null);
    assert_eq!(world.get("/work").await["turns"]["waiting"], 0);
    let limits = world.get("/users/telegram/7/rate-limit").await;
    assert_eq!(
        (&limits["hour"]["count"], &limits["hour"]["limit"]),
        (&0.into(), &60.into())
    );
    let other = world
        .ask("GET", "/users/pigeon/7/rate-limit", &world.viewer, None)
        .await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn what_is_no_query_of_this_api_is_400() {
    let world = World::open().await;
    let cursor = {
        let first = world.get("/conversations?limit=1").await;
        first["next_cursor"].as_str().unwrap().to_owned()
    };
    for path in [
        "/conversations?limit=0".to_owned(),
        "/conversations?limit=201".to_owned(),
        "/conversations?limit=many".to_owned(),
        "/conversations?limit=1&limit=2".to_owned(),
        "/conversations?cursor=zz".to_owned(),
        "/conversations?status=lost".to_owned(),
        "/conversations?client=7".to_owned(),
        "/conversations?colour=red".to_owned(),
        format!("/leads?cursor={cursor}"),
        "/leads?stage=closed".to_owned(),
        "/stats".to_owned(),
        "/stats?from=2026-01-01T00:00:00Z&to=tomorrow".to_owned(),
        "/stats?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z".to_owned(),
        "/work?limit=1".to_owned(),
    ] {
        let answer = world.ask("GET", &path, &world.admin, None).await;
        assert_eq!(answer.status, 400, "{path}");
    }
}

#[tokio::test]
async fn a_file_is_saved_and_never_shown() {
    let world = World::open().await;
    let all = world.get("/conversations").await;
    let id = items(&all)[0]["id"].as_str().unwrap();
    let files = world.get(&format!("/conversations/{id}/attachments")).await;
    let states: Vec<&str> = items(&files)
        .iter()
        .map(|file| file["status"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["stored", "pending"]);
    let path = |at: usize| {
        format!(
            "/attachments/{}/content",
            items(&files)[at]["id"].as_str().unwrap()
        )
    };
    let answer = world.ask("GET", &path(0), &world.viewer, None).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "<script>hello\n"));
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        answer.header("content-security-policy"),
        Some("default-src 'none'; sandbox")
    );
    let name = answer.header("content-disposition").unwrap();
    assert_eq!(
        name,
        "attachment; filename*=UTF-8''ein%20%3Cb%3E%22Brief%22%3C%2Fb%3E.html"
    );
    // What is not stored, or gone from storage, is not there.
    assert_eq!(world.ask("GET", &path(1), &world.viewer, None).await.status, 404);
    for key in world.files.keys() {
        assert!(
            frontdesk_core::port::FileStorage::delete(&world.files, &key)
                .await
                .unwrap()
        );
    }
    assert_eq!(world.ask("GET", &path(0), &world.viewer, None).await.status, 404);
}
