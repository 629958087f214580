//! The document about the API, and holding answers against it.

use serde_json::{Value, json};

use crate::client::{Answer, ask, plain};
use crate::world::World;

/// The API's document.
#[derive(Clone)]
pub struct Document(pub Value);

impl Document {
    pub async fn of(world: &World) -> Self {
        let answer = ask(world.addr, &plain("GET", "/admin/api/openapi.json")).await;
        assert_eq!(answer.status, 200);
        Document(serde_json::from_str(&answer.body).unwrap())
    }

    /// The operation of a request, if the document has one.
    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap();
        let fits = |template: &str| {
            template.split('/').count() == path.split('/').count()
                && template
                    .split('/')
                    .zip(path.split('/'))
                    .all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
        };
        let paths = self.0["paths"].as_object().unwrap();
        paths
            .iter()
            .find(|(template, _)| fits(template))
            .and_then(|(_, operations)| operations.get(method.to_ascii_lowercase()))
    }

    /// Sees that an answer is one that the document describes.
    pub fn hold(&self, method: &str, path: &str, answer: &Answer) {
        let Some(operation) = self.operation(method, path) else {
            assert!(
                matches!(answer.status, 401 | 404 | 405),
                "{method} {path}: {answer:?}"
            );
            return self.hold_schema("ProblemView", answer);
        };
        let response = &operation["responses"][answer.status.to_string()];
        assert!(
            response.is_object(),
            "{method} {path} may not answer {}: {answer:?}",
            answer.status
        );
        let Some(content) = response["content"].as_object() else {
            assert_eq!(answer.body, "", "{method} {path}");
            return;
        };
        let (media, body) = content.iter().next().unwrap();
        assert_eq!(
            answer.header("content-type"),
            Some(media.as_str()),
            "{method} {path}"
        );
        if media == "application/octet-stream" {
            return;
        }
        let reference = body["schema"]["$ref"].as_str().unwrap();
        self.hold_schema(reference.rsplit('/').next().unwrap(), answer);
    }

    fn hold_schema(&self, name: &str, answer: &Answer) {
        assert!(
            self.0["components"]["schemas"][name].is_object(),
            "there is no schema {name}"
        );
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": format!("#/components/schemas/{name}"),
            "components": self.0["components"],
        });
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&body)
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?} in {}", answer.body);
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let world = World::open().await;
    let document = Document::of(&world).await;
    assert_eq!(document.0["openapi"], "3.1.0");
    let mut names = Vec::new();
    let text = document.0.to_string();
    for (path, operations) in document.0["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            names.push(operation["operationId"].as_str().unwrap().to_owned());
            for status in ["401", "403"] {
                assert!(
                    operation["responses"][status].is_object(),
                    "{method} {path} {status}"
                );
            }
            let places = path.matches('{').count();
            let described = operation["parameters"].as_array().unwrap().iter();
            assert_eq!(
                described.filter(|param| param["in"] == "path").count(),
                places,
                "{path}"
            );
        }
    }
    assert_eq!(names.len(), 23);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 23, "no two operations have one name");
    // Every reference leads somewhere.
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.0.pointer(pointer).is_some(), "{pointer}");
    }
}

#[tokio::test]
async fn holding_against_the_document_can_fail() {
    let world = World::open().await;
    let document = Document::of(&world).await;
    let answer = |status, body: &str| Answer {
        status,
        head: "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n".to_owned(),
        body: body.to_owned(),
    };
    let hold = |answer: Answer| {
        let document = document.clone();
        std::panic::catch_unwind(move || document.hold("GET", "/admin/api/v1/work", &answer)).is_ok()
    };
    let depth = r#"{"waiting":1,"oldest_seconds":0.5}"#;
    let whole = format!(r#"{{"turns":{depth},"replies":{depth},"jobs":{depth}}}"#);
    assert!(hold(answer(200, &whole)));
    assert!(!hold(answer(200, r#"{"turns":{}}"#)));
    assert!(!hold(answer(200, &whole.replace("0.5", "\"soon\""))));
    assert!(!hold(answer(206, &whole)));
}
