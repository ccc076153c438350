//! The frame of the OpenAPI document, and a page that shows it without anybody else's scripts.

use std::sync::Arc;

use askama::Template;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};

use super::problem::{FieldProblem, Problem};
use crate::auth::visitor::language;
use crate::console::assets;
use crate::i18n::Lang;
use crate::state::AppState;

const ABOUT: &str = "Data of a Tallyman server for other programs. Keys are made on the console (Data, API keys) and sent \
as `Authorization: Bearer …`. Amounts are decimal strings in base units with at most three decimals; instants are RFC 3339 \
in UTC. Lists come in pages: ask again with `cursor` set to `next`. A POST with an `Idempotency-Key` may be repeated for 24 \
hours: the first answer comes again. A change of a record needs `If-Match` with the `ETag` that was last seen. Errors are \
`application/problem+json` (RFC 9457) in the language of `Accept-Language` (zh, en). Whoever asks too often is told to wait \
by `Retry-After`.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Tallyman API", version = "1.0.0"),
    components(schemas(Problem, FieldProblem)),
    tags(
        (name = "catalogue", description = "Sites, items, bins"),
        (name = "people and devices"),
        (name = "orders"),
        (name = "stock"),
        (name = "events"),
        (name = "exceptions"),
        (name = "imports"),
        (name = "photos"),
    )
)]
struct Frame;

pub(super) fn frame() -> OpenApi {
    let mut document = Frame::openapi();
    document.info.description = Some(ABOUT.to_owned());
    document.info.license = None;
    document.info.contact = None;
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key that an administrator made on the console."))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(scheme));
    document.security = Some(vec![SecurityRequirement::new("key", Vec::<String>::new())]);
    document
}

/// One operation, as the page shows it.
struct Operation {
    method: String,
    path: String,
    id: String,
    summary: String,
    about: String,
    parameters: Vec<Parameter>,
    body: String,
    answers: Vec<(String, String)>,
}

struct Parameter {
    name: String,
    place: String,
    needed: bool,
    about: String,
}

/// A shape, as the page shows it.
struct Shape {
    name: String,
    about: String,
    fields: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "api_docs.html")]
struct Docs<'d> {
    lang: Lang,
    about: &'d str,
    groups: &'d [(String, Vec<Operation>)],
    shapes: &'d [Shape],
    style: [String; 2],
    icon: String,
}

/// Words with what stands between backticks marked as code.
fn marked(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let parts = text.split('`').enumerate();
    parts.map(|(n, part)| (n % 2 == 1, part))
}

/// A handler that shows the document.
pub(super) fn pages(
    _app: AppState,
    document: Arc<OpenApi>,
) -> impl Fn(HeaderMap) -> std::future::Ready<Response> + Clone {
    let json = serde_json::to_value(&*document).unwrap_or_default();
    let groups = Arc::new(groups(&json));
    let shapes = Arc::new(shapes(&json));
    move |headers: HeaderMap| {
        let page = Docs {
            lang: language(&headers),
            about: ABOUT,
            groups: &groups,
            shapes: &shapes,
            style: [assets::address("app.css"), assets::address("parts.css")],
            icon: assets::address("mark.svg"),
        };
        std::future::ready(match page.render() {
            Ok(html) => axum::response::Html(html).into_response(),
            Err(_) => super::problem::ApiError::new("internal").into_response(),
        })
    }
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a schema is called, in a few characters.
fn type_of(schema: &serde_json::Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(list) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let names: Vec<String> = list.iter().map(type_of).collect();
        return names.join(" | ");
    }
    let format = schema["format"].as_str();
    match &schema["type"] {
        serde_json::Value::String(kind) if kind == "array" => {
            format!("{}[]", type_of(&schema["items"]))
        }
        serde_json::Value::String(kind) => format.unwrap_or(kind).to_owned(),
        serde_json::Value::Array(kinds) => {
            let names: Vec<String> = kinds
                .iter()
                .map(|kind| match kind.as_str() {
                    Some("string") => format.unwrap_or("string").to_owned(),
                    _ => text(kind),
                })
                .collect();
            names.join(" | ")
        }
        _ => String::new(),
    }
}

fn groups(document: &serde_json::Value) -> Vec<(String, Vec<Operation>)> {
    let tags = document["tags"].as_array().cloned().unwrap_or_default();
    let mut groups: Vec<(String, Vec<Operation>)> = tags
        .iter()
        .map(|tag| (text(&tag["name"]), Vec::new()))
        .collect();
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    for (path, methods) in &paths {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let tag = text(&operation["tags"][0]);
            let Some((_, group)) = groups.iter_mut().find(|(name, _)| *name == tag) else {
                continue;
            };
            let parameters = operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let body = operation["requestBody"]["content"].as_object();
            let body = body.into_iter().flatten().map(|(kind, content)| {
                format!("{kind} {}", type_of(&content["schema"]))
                    .trim()
                    .to_owned()
            });
            let answers = operation["responses"].as_object().into_iter().flatten();
            group.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                id: text(&operation["operationId"]),
                summary: text(&operation["summary"]),
                about: text(&operation["description"]),
                parameters: parameters
                    .iter()
                    .map(|p| Parameter {
                        name: text(&p["name"]),
                        place: text(&p["in"]),
                        needed: p["required"] == true,
                        about: format!("{} {}", type_of(&p["schema"]), text(&p["description"])),
                    })
                    .collect(),
                body: body.collect::<Vec<_>>().join(", "),
                answers: answers
                    .filter(|(status, _)| status.starts_with('2'))
                    .map(|(status, answer)| {
                        let shown = answer["content"].as_object().into_iter().flatten();
                        let shown = shown.map(|(kind, c)| match type_of(&c["schema"]) {
                            name if name.is_empty() => kind.clone(),
                            name => name,
                        });
                        (status.clone(), shown.collect::<Vec<_>>().join(", "))
                    })
                    .collect(),
            });
        }
    }
    groups
}

fn shapes(document: &serde_json::Value) -> Vec<Shape> {
    let schemas = document["components"]["schemas"].as_object();
    let shape = |(name, schema): (&String, &serde_json::Value)| Shape {
        name: name.clone(),
        about: text(&schema["description"]),
        fields: match (schema["properties"].as_object(), schema["enum"].as_array()) {
            (Some(fields), _) => fields
                .iter()
                .map(|(field, s)| (field.clone(), type_of(s), text(&s["description"])))
                .collect(),
            (None, Some(values)) => values
                .iter()
                .map(|value| (text(value), String::new(), String::new()))
                .collect(),
            _ => Vec::new(),
        },
    };
    schemas.into_iter().flatten().map(shape).collect()
}
