//! What the description says of all routes alike: who asks, problems, idempotency.
//!
//! It must not describe single routes: they describe themselves.

use utoipa::openapi::{
    Content, Info, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder,
    path::{Operation, ParameterBuilder, ParameterIn, PathItem},
    schema::{AdditionalProperties, ObjectBuilder, Schema, Type},
    security::{
        ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
    },
    tag::TagBuilder,
};

use crate::{cookies, guard::access, problem::PROBLEM_JSON};

const ABOUT: &str = "\
The door of a Cofferdam desk. Every order passes one gate, and everything that happens is in a \
hash-chained journal.

- **People** sign in with `POST /api/sessions` and have a cookie; their writes name the page's origin. Some ask to prove \
once more who one is: the answer `step_up_required` says for what, `POST /api/step-up` gives the proof, and the same request \
is repeated with the header `Step-Up`.
- **Programs** have a key: `X-API-Key` or `Authorization: Bearer`, never in an address.
- **Amounts** are decimal strings, in requests and answers.
- **Errors** are RFC 9457 problem documents with a stable `code`, a `remedy`, and `errors[]` or \
`refusals[]` where there are several.
- **Writes** take an `Idempotency-Key`: the same key and content is the same request. Keys of \
orders are in the journal for at least seven days; those of other writes are remembered for a day \
while the desk runs.
- **Ids in paths** are url-encoded: `account/main` is `account%2Fmain`.";

const TAGS: [(&str, &str); 17] = [
    ("health", "Whether the program lives and is ready; no key needed"),
    ("desk", "The desk at a glance"),
    ("accounts", "Accounts and books"),
    ("positions", "Positions and what protects them"),
    ("orders", "Orders"),
    ("approvals", "Requests that wait for somebody's approval"),
    ("armed", "Orders that wait for the market's next opening"),
    ("limits", "Limits, presets, policy"),
    ("kill", "The kill switch and latches"),
    ("journal", "The journal and its checks"),
    ("market", "Instruments, quotes, bars, refusal codes"),
    ("strategies", "Strategies as text, and the language of their formulas"),
    ("research", "Strategies tried on past prices"),
    ("people", "Set-up, sessions, second factors, users, keys"),
    ("events", "The socket"),
    ("metrics", "Figures for Prometheus"),
    ("docs", "This description"),
];

/// The description before the routes are in it.
pub(crate) fn base() -> OpenApi {
    let mut info = Info::new("Cofferdam", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    let tag =
        |(name, text): (&str, &str)| TagBuilder::new().name(name).description(Some(text)).build();
    OpenApiBuilder::new()
        .info(info)
        .tags(Some(TAGS.into_iter().map(tag)))
        .security(Some([
            SecurityRequirement::new("key", Vec::<String>::new()),
            SecurityRequirement::new("bearer", Vec::<String>::new()),
            SecurityRequirement::new("session", Vec::<String>::new()),
        ]))
        .build()
}

/// Adds what holds for every route.
pub(crate) fn complete(mut api: OpenApi) -> OpenApi {
    let components = api.components.get_or_insert_default();
    let key = ApiKeyValue::with_description("X-API-Key", "A key of the form cfd_<id>_<secret>");
    components.add_security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(key)));
    let cookie = "The cookie of a signed-in person; writes must name the desk's own origin";
    let cookie = ApiKeyValue::with_description(cookies::SESSION, cookie);
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("cfd_<id>_<secret>")
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for (path, item) in &mut api.paths.paths {
        for (verb, operation) in operations(item) {
            finish(path, verb, operation);
        }
    }
    close_requests(&mut api);
    api
}

/// Says that requests have no fields but the described ones: the readers refuse others.
fn close_requests(api: &mut OpenApi) {
    let mut names: Vec<String> = Vec::new();
    for item in api.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            if let Some(body) = &operation.request_body {
                collect(&serde_json::to_value(body).unwrap_or_default(), &mut names);
            }
        }
    }
    let Some(components) = &mut api.components else { return };
    while let Some(name) = names.pop() {
        let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&name) else {
            continue;
        };
        if object.properties.is_empty() || object.additional_properties.is_some() {
            continue;
        }
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        collect(&serde_json::to_value(&*object).unwrap_or_default(), &mut names);
    }
}

/// The names of schemas that a part of the description refers to.
fn collect(value: &serde_json::Value, names: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            let name = map.get("$ref").and_then(|r| r.as_str()?.rsplit('/').next());
            names.extend(name.map(str::to_owned));
            map.values().for_each(|v| collect(v, names));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|v| collect(v, names)),
        _ => {}
    }
}

/// The operations of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(verb, operation)| Some((verb, operation.as_mut()?)))
}

fn finish(path: &str, verb: &str, operation: &mut Operation) {
    // Names of functions repeat between modules; the method and path do not.
    let name: Vec<&str> =
        path.split(['/', '{', '}', '.']).filter(|p| !p.is_empty() && *p != "api").collect();
    operation.operation_id = Some(format!("{verb}_{}", name.join("_")));
    let problem = || {
        let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
        ResponseBuilder::new()
            .description("Any other answer is a problem document")
            .content(PROBLEM_JSON, Content::new(Some(schema)))
            .build()
    };
    operation.responses.responses.insert("default".to_owned(), RefOr::T(problem()));
    let rule = access::rule(&verb.to_uppercase(), path);
    if verb != "get" && rule.is_some_and(|rule| !rule.is_secret()) {
        let parameter = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The same key and content is the same request"))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
            .build();
        operation.parameters.get_or_insert_default().push(parameter.into());
    }
}
