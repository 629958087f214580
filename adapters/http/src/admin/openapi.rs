//! The document about the API, made from its table of routes and its types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::answer::OCTETS;

use super::routes::{BYTES, Kind, Param, ROOT, ROUTES, Route};
use super::views::{
    AttachmentView, AuditView, ConversationView, DeadLetterView, KnowledgeEditBody, KnowledgeView,
    LeadFileView, LeadView, MessageView, NewKnowledgeBody, NewTokenView, Page, ProblemView, RateLimitView,
    StageBody, StatsView, TokenBody, TokenView, Waiting, WorkView,
};

/// An OpenAPI 3.1 document.
pub(crate) fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths
            .entry(format!("{ROOT}{}", route.path))
            .or_insert_with(|| json!({}));
        path[route.verb.as_str().to_ascii_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Frontdesk admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Cases, leads, figures and upkeep of a front desk.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas(),
        },
    })
}

/// Every schema that the table of routes names.
fn schemas() -> Map<String, Value> {
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
    };
    // Answers always have all their fields; of what is taken, some may be left out.
    let mut answered = settings().for_serialize().into_generator();
    let mut taken = settings().for_deserialize().into_generator();
    add::<ConversationView>(&mut answered);
    add::<Waiting>(&mut answered);
    add::<LeadFileView>(&mut answered);
    add::<RateLimitView>(&mut answered);
    add::<StatsView>(&mut answered);
    add::<WorkView>(&mut answered);
    add::<NewTokenView>(&mut answered);
    add::<KnowledgeView>(&mut answered);
    add::<ProblemView>(&mut answered);
    add::<StageBody>(&mut taken);
    add::<TokenBody>(&mut taken);
    add::<NewKnowledgeBody>(&mut taken);
    add::<KnowledgeEditBody>(&mut taken);
    let lists = [
        (
            "ConversationList",
            answered.subschema_for::<Page<ConversationView>>(),
        ),
        ("AttachmentList", answered.subschema_for::<Page<AttachmentView>>()),
        ("MessageList", answered.subschema_for::<Page<MessageView>>()),
        ("LeadList", answered.subschema_for::<Page<LeadView>>()),
        ("KnowledgeList", answered.subschema_for::<Page<KnowledgeView>>()),
        ("DeadLetterList", answered.subschema_for::<Page<DeadLetterView>>()),
        ("AuditList", answered.subschema_for::<Page<AuditView>>()),
        ("TokenList", answered.subschema_for::<Page<TokenView>>()),
    ];
    let mut all = answered.take_definitions(true);
    all.extend(taken.take_definitions(true));
    for (name, schema) in lists {
        all.insert(name.to_owned(), schema.to_value());
    }
    all
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    // Named types go among the definitions; what is returned is a reference to one.
    drop(generator.subschema_for::<T>());
}

fn operation(route: &Route) -> Value {
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(place)
        .collect();
    parameters.extend(route.params.iter().map(parameter));
    let mut operation = json!({
        "operationId": name_of(route),
        "summary": route.about,
        "description": format!("Needs the role {}.", route.role),
        "x-role": route.role.as_str(),
        "parameters": parameters,
        "responses": responses(route),
    });
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": reference(body) } },
        });
    }
    operation
}

/// The operation's name, as programs write it: `listConversations`.
fn name_of(route: &Route) -> String {
    let name = format!("{:?}", route.operation);
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    for (status, body) in route.answers {
        let mut response = json!({ "description": description(*status) });
        if let Some(body) = body {
            response["content"] = if *body == BYTES {
                json!({ (OCTETS): {} })
            } else {
                json!({ "application/json": { "schema": reference(body) } })
            };
        }
        responses.insert(status.to_string(), response);
    }
    for status in route.all_failures() {
        let response = json!({
            "description": description(status),
            "content": { "application/problem+json": { "schema": reference("ProblemView") } },
        });
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}

fn description(status: u16) -> String {
    let status = hyper::StatusCode::from_u16(status).ok();
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
        .to_owned()
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn place(name: &str) -> Value {
    let schema = match name {
        "id" => json!({ "type": "string", "format": "uuid" }),
        "channel" => json!({ "type": "string" }),
        // Numbers of dead letters, and the messenger's of users.
        _ => json!({ "type": "integer", "format": "int64" }),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn parameter(param: &Param) -> Value {
    let schema = match param.kind {
        Kind::Limit => json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 }),
        Kind::Cursor | Kind::Text => json!({ "type": "string" }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::Time => json!({ "type": "string", "format": "date-time" }),
        Kind::OneOf(words) => json!({ "type": "string", "enum": words() }),
    };
    json!({
        "name": param.name,
        "in": "query",
        "required": param.required,
        "description": param.about,
        "schema": schema,
    })
}
