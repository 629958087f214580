//! Knowledge: what the playbook has, and what is added beside it.

use frontdesk_core::port::KnowledgeStore as _;
use serde_json::{Value, json};

use crate::world::World;

fn parking() -> Value {
    json!({
        "locale": "en",
        "slug": "parking",
        "questions": ["Where can I park?", "Is there a car park?"],
        "answer": "In the yard, **free**.",
        "buttons": ["human"],
    })
}

async fn send(world: &World, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let answer = world.ask(method, path, &world.admin, Some(&body)).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

async fn listed(world: &World, query: &str) -> Vec<Value> {
    let page = world.get(&format!("/knowledge{query}")).await;
    page["items"].as_array().unwrap().clone()
}

fn names(items: &[Value]) -> Vec<String> {
    let name = |item: &Value| {
        let text = |field: &str| item[field].as_str().unwrap().to_owned();
        format!("{} {} {}", text("source"), text("slug"), text("locale"))
    };
    items.iter().map(name).collect()
}

#[tokio::test]
async fn an_entry_is_added_changed_and_switched_off() {
    let world = World::open().await;
    let (status, made) = send(&world, "POST", "/knowledge", &parking()).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!((&made["in_force"], &made["version"]), (&json!(true), &json!(1)));
    let path = format!("/knowledge/{}", made["id"].as_str().unwrap());
    let edit = json!({ "version": 1, "answer": "On the roof." });
    let (status, edited) = send(&world, "PATCH", &path, &edit).await;
    assert_eq!((status, &edited["version"]), (200, &json!(2)), "{edited}");
    assert_eq!(edited["answer"], "On the roof.");
    assert_eq!(
        edited["questions"],
        parking()["questions"],
        "what is left out stays"
    );
    // Somebody else saw the first version.
    assert_eq!(send(&world, "PATCH", &path, &edit).await.0, 409);
    let off = json!({ "version": 2, "enabled": false });
    let (status, off) = send(&world, "PATCH", &path, &off).await;
    assert_eq!((status, &off["in_force"]), (200, &json!(false)));
    assert_eq!(off["left_out"], Value::Null);
    assert_eq!(
        world.store.knowledge_epoch().await.unwrap(),
        3,
        "one for each change"
    );
    let log = world.get("/audit").await;
    let actions: Vec<&Value> = log["items"].as_array().unwrap()[..3]
        .iter()
        .map(|entry| &entry["action"])
        .collect();
    assert_eq!(
        json!(actions),
        json!(["knowledge.edit", "knowledge.edit", "knowledge.add"])
    );
    assert!(
        !log.to_string().contains("roof"),
        "what it says is not in the log"
    );
}

#[tokio::test]
async fn what_does_not_fit_the_playbook_is_refused() {
    let world = World::open().await;
    send(&world, "POST", "/knowledge", &parking()).await;
    for (field, value, expected) in [
        ("slug", json!("Parking!"), 422),
        ("slug", json!("hours"), 409),
        ("slug", json!("parking"), 409),
        ("locale", json!("xx"), 422),
        ("questions", json!([]), 422),
        ("questions", json!([" "]), 422),
        ("questions", json!(["x".repeat(301)]), 422),
        ("questions", json!(vec!["x"; 101]), 422),
        ("answer", json!(""), 422),
        ("answer", json!("x".repeat(4_001)), 422),
        ("buttons", json!(["launch"]), 422),
        ("buttons", json!(["quote", "quote"]), 422),
        ("owner", json!("me"), 400),
    ] {
        let mut body = parking();
        body["slug"] = json!("garden");
        body[field] = value;
        let (status, problem) = send(&world, "POST", "/knowledge", &body).await;
        assert_eq!(status, expected, "{field}: {problem}");
    }
    assert_eq!(world.store.knowledge_epoch().await.unwrap(), 1);
    let nobodys = "/knowledge/01999999-9999-7999-8999-999999999999";
    let edit = json!({ "version": 1, "enabled": false });
    assert_eq!(send(&world, "PATCH", nobodys, &edit).await.0, 404);
    let mine = listed(&world, "").await[0]["id"].as_str().unwrap().to_owned();
    let bad = json!({ "version": 1, "questions": [] });
    assert_eq!(
        send(&world, "PATCH", &format!("/knowledge/{mine}"), &bad).await.0,
        422
    );
}

#[tokio::test]
async fn both_kinds_are_listed_in_parts_and_by_locale() {
    let world = World::open().await;
    for (slug, locale) in [("parking", "en"), ("garden", "ru")] {
        let mut body = parking();
        body["slug"] = json!(slug);
        body["locale"] = json!(locale);
        assert_eq!(send(&world, "POST", "/knowledge", &body).await.0, 201);
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    let all = [
        "overlay garden ru",
        "overlay parking en",
        "playbook hours en",
        "playbook hours ru",
    ];
    assert_eq!(names(&listed(&world, "").await), all);
    assert_eq!(names(&listed(&world, "?locale=ru").await), [all[0], all[3]]);
    assert!(listed(&world, "?locale=xx").await.is_empty());
    for limit in 1..=4 {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        // One part more than there are would not end.
        for _ in 0..4 {
            let page = world.get(&format!("/knowledge?limit={limit}{cursor}")).await;
            seen.extend(names(page["items"].as_array().unwrap()));
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, all, "{limit} at a time");
    }
}
