//! The OpenAPI document, made from the list of routes and from the types that are answered.

use hookdock_operate::{
    Act, Audit, Dead, DeadLetterAccount, Diff, EndpointAccount, Event, Headers, HoldAccount,
    HoldOrder, Operation, Page, PlanOrder, Progress, ReportLine, Status, TurnOrder,
};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::asked::Asked;
use crate::dev::{DEV_ROUTES, Explained, RefusedRequest, Trigger, Triggered};
use crate::problem::Problem;
use crate::replays::Driven;
use crate::routes::{ROUTES, Route};

/// The OpenAPI 3.1 document of the API.
#[must_use]
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES.iter().chain(DEV_ROUTES) {
        let path = paths.entry(format!("/api/v1{}", route.path)).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.to_owned(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Hookdock",
            "version": "1",
            "description": "What an operator of Hookdock looks at and does. Members and codes are \
                only added within version 1.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation(route: &Route) -> Value {
    let parameter = |name: &str, place: &str, says: &str, required: bool| {
        json!({
            "name": name, "in": place, "description": says, "required": required,
            "schema": { "type": "string" },
        })
    };
    let mut parameters: Vec<Value> = Vec::new();
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')) {
        let name = name.trim_end_matches('}');
        let says = if name == "id" { "dlv_..., a key, or the provider's id" } else { "its name" };
        parameters.push(parameter(name, "path", says, true));
    }
    for (name, says) in route.query.iter().flat_map(|set| *set) {
        parameters.push(parameter(name, "query", says, false));
    }
    let content = match route.answer {
        Some(name) => json!({ "application/json": { "schema": named(name) } }),
        None => json!({ "application/octet-stream": {} }),
    };
    let problem = json!({ "application/problem+json": { "schema": named("Problem") } });
    let status = if route.method == "post" { "201" } else { "200" };
    let mut operation = Map::new();
    operation.insert("summary".to_owned(), json!(route.summary));
    let responses = json!({
        status: { "description": "Done", "content": content },
        "default": { "description": "Why not", "content": problem },
    });
    operation.insert("responses".to_owned(), responses);
    if route.conditional {
        let says = "the etag of the event as it was shown, in quotes; or *";
        parameters.push(parameter("If-Match", "header", says, true));
        let says = "the same key and request gives the same answer, as long as the process runs";
        parameters.push(parameter("Idempotency-Key", "header", says, false));
    }
    if let Some(body) = route.body {
        let body = json!({ "application/json": { "schema": named(body) } });
        let body = json!({ "required": true, "content": body });
        operation.insert("requestBody".to_owned(), body);
    }
    operation.insert("parameters".to_owned(), Value::Array(parameters));
    Value::Object(operation)
}

fn named(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn schemas() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut generator = settings.into_generator();
    let mut own = Map::new();
    let lists = [
        ("Endpoints", generator.subschema_for::<Vec<EndpointAccount>>()),
        ("Found", generator.subschema_for::<Vec<Event>>()),
        ("Hold", generator.subschema_for::<HoldAccount>()),
        ("Holds", generator.subschema_for::<Vec<HoldAccount>>()),
        ("Replays", generator.subschema_for::<Vec<Progress>>()),
        ("Report", generator.subschema_for::<Vec<ReportLine>>()),
        ("DeadLetters", generator.subschema_for::<Vec<DeadLetterAccount>>()),
        ("Page", generator.subschema_for::<Page<Event>>()),
        ("Refused", generator.subschema_for::<Vec<RefusedRequest>>()),
    ];
    own.extend(lists.map(|(name, schema)| (name.to_owned(), schema.into())));
    own.insert("Document".to_owned(), json!({ "type": "object" }));
    generator.subschema_for::<Status>();
    generator.subschema_for::<Audit>();
    generator.subschema_for::<Event>();
    generator.subschema_for::<Headers>();
    generator.subschema_for::<Diff>();
    generator.subschema_for::<Dead>();
    generator.subschema_for::<Operation>();
    generator.subschema_for::<Act>();
    generator.subschema_for::<Problem>();
    generator.subschema_for::<Asked>();
    generator.subschema_for::<PlanOrder>();
    generator.subschema_for::<TurnOrder>();
    generator.subschema_for::<HoldOrder>();
    generator.subschema_for::<Driven>();
    generator.subschema_for::<Explained>();
    generator.subschema_for::<Trigger>();
    generator.subschema_for::<Triggered>();
    own.extend(generator.take_definitions(true));
    Value::Object(own)
}
