//! What a scheme leaves unproven, tried: a forger who has one signed request of each provider.
//!
//! Providers whose keys are fetched are tried in `fetched_keys`.

use hookdock_signature::{Provider, Weakness, catalog};
use serde_json::Value;

use crate::support::{Case, definition, is_verifiable, vectors};
use crate::whole_catalogue::made;

/// Signed requests of a provider: those that others signed, and one that is signed here.
fn examples(provider: &Provider) -> Vec<Case> {
    if !is_verifiable(provider) {
        return Vec::new();
    }
    let signed = vectors(provider.id()).into_iter().map(|vector| vector.case(provider.clone()));
    let all: Vec<_> = signed.chain(made(provider.id())).chain(carried(provider)).collect();
    assert!(all.iter().all(|case| case.verify().is_ok()), "{}", provider.id());
    all
}

/// A request that carries its token in the URL or in a JSON body.
fn carried(provider: &Provider) -> Option<Case> {
    let file: toml::Value = toml::from_str(catalog::text(provider.id()).unwrap()).unwrap();
    let signature =
        file["scheme"].get("signature").filter(|_| provider.scheme().name() == "token")?;
    let (secret, name) = ("abcdef", signature["name"].as_str().unwrap());
    let names: Vec<String> = provider.settings().map(|(name, _)| name.to_owned()).collect();
    let set = |provider: Provider, name: &String| provider.configure(name, "set").unwrap();
    let (url, body) = match signature["from"].as_str().unwrap() {
        "query" => ("https://hooks.example/x?set=abcdef", Value::Null),
        "json" => ("https://hooks.example/x", json_with(name, secret.into())),
        _ => return None,
    };
    Some(Case {
        provider: names.iter().fold(provider.clone(), set),
        secrets: vec![secret.to_owned()],
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
        now_ms: 1_800_000_000_000,
    })
}

/// JSON with this value at a path such as `value[].clientState`.
fn json_with(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |value, key| match key.strip_suffix("[]") {
        Some(key) => serde_json::json!({ key: [value] }),
        None => serde_json::json!({ key: value }),
    })
}

fn providers() -> impl Iterator<Item = Provider> {
    catalog::ids().filter_map(catalog::find)
}

/// The same request with other bodies that say something else.
fn forgeries(case: &Case) -> Vec<Case> {
    let mut bodies = vec![br#"{"forged":true}"#.to_vec(), b"forged=true".to_vec()];
    match serde_json::from_slice::<Value>(&case.body) {
        Ok(json) => {
            bodies.extend(forged_json(&json));
            // What is signed as it is written has to stay so.
            let text = String::from_utf8_lossy(&case.body);
            let more =
                text.trim_end().strip_suffix('}').map(|open| format!("{open},\"forged\":1}}"));
            bodies.extend(more.map(String::into_bytes));
        }
        Err(_) => bodies.extend(forged_form(&case.body)),
    }
    let forged = |body| Case { body, ..case.clone() };
    bodies.into_iter().filter(|body| *body != case.body).map(forged).collect()
}

/// Each value changed, and a member more.
fn forged_json(json: &Value) -> Vec<Vec<u8>> {
    let mut places = Vec::new();
    scalars(json, String::new(), &mut places);
    let changed = places.iter().map(|at| {
        let mut json = json.clone();
        *json.pointer_mut(at).unwrap() = "forged".into();
        json
    });
    let mut more = json.clone();
    if let Some(members) = more.as_object_mut() {
        members.insert("forged".to_owned(), true.into());
    }
    changed.chain([more]).map(|json| json.to_string().into_bytes()).collect()
}

fn scalars(json: &Value, at: String, places: &mut Vec<String>) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                scalars(value, format!("{at}/{name}"), places);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                scalars(value, format!("{at}/{index}"), places);
            }
        }
        _ => places.push(at),
    }
}

/// Each value changed, a field more, and each field cut elsewhere.
fn forged_form(body: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(body);
    let fields: Vec<&str> = text.split('&').collect();
    let with = |index: usize, field: String| {
        let mut fields: Vec<String> = fields.iter().map(|&field| field.to_owned()).collect();
        fields[index] = field;
        fields.join("&").into_bytes()
    };
    let mut bodies = vec![format!("{text}&forged=true").into_bytes()];
    for (index, field) in fields.iter().enumerate() {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        bodies.push(with(index, format!("{name}=forged")));
        let mut shorter = name.chars();
        let last = shorter.next_back().filter(char::is_ascii_alphanumeric);
        bodies.extend(last.map(|last| with(index, format!("{}={last}{value}", shorter.as_str()))));
        let mut rest = value.chars();
        let first = rest.next().filter(char::is_ascii_alphanumeric);
        bodies.extend(first.map(|first| with(index, format!("{name}{first}={}", rest.as_str()))));
    }
    bodies
}

#[test]
fn a_definition_says_how_weak_it_is_and_a_forger_finds_the_same() {
    let (mut tried, mut untried) = (0, Vec::new());
    for provider in providers() {
        let (id, examples) = (provider.id(), examples(&provider));
        if examples.is_empty() {
            untried.extend(provider.weakness().map(|_| id.to_owned()));
            continue;
        }
        tried += 1;
        let forged = examples.iter().flat_map(forgeries).find(|case| case.verify().is_ok());
        let found = forged.map(|case| String::from_utf8_lossy(&case.body).into_owned());
        // Fields that run together can be cut elsewhere, where an example has the right ones.
        let sorted = provider.scheme().message().is_some_and(|text| text.contains("{sorted_form}"));
        let weak = provider.weakness().is_some();
        assert!(found.is_some() == weak || weak && sorted, "{id}: {found:?}");
    }
    if cfg!(feature = "public-key") {
        assert!(tried >= 190, "{tried}");
        assert_eq!(untried, ["aws-sns", "google-pubsub", "paypal"], "tried with keys made there");
    }
}

#[test]
fn any_other_body_passes_where_none_is_signed_and_only_there() {
    for provider in providers() {
        for case in examples(&provider) {
            let other = Case { body: br#"{"forged":true}"#.to_vec(), ..case.clone() };
            let unsigned = provider.weakness() == Some(Weakness::UnsignedBody);
            assert!(unsigned || other.verify().is_err(), "{}", provider.id());
        }
    }
}

#[test]
fn the_file_of_every_weak_provider_says_how_weak_it_is() {
    for provider in providers() {
        let file: toml::Value = toml::from_str(catalog::text(provider.id()).unwrap()).unwrap();
        let stated = file.get("weakness").and_then(toml::Value::as_str);
        assert_eq!(stated, provider.weakness().map(Weakness::as_str), "{}", provider.id());
    }
}

#[test]
fn a_definition_that_says_it_wrong_is_refused() {
    let scheme = "
        [scheme]
        kind = \"hmac\"
        digest = \"sha256\"
        encoding = \"hex\"
        message = \"{body_crc32}\"
        signature = { from = \"header\", name = \"X-Signature\" }
    ";
    let stating = |weakness: &str| definition(&format!("weakness = \"{weakness}\"\n{scheme}"));
    let read = |text: String| text.parse::<Provider>().map(|provider| provider.weakness());
    assert_eq!(read(definition(scheme)).unwrap(), Some(Weakness::Checksum));
    assert_eq!(read(stating("checksum")).unwrap(), Some(Weakness::Checksum));
    let error = read(stating("parts-of-body")).unwrap_err().to_string();
    assert!(error.contains("that of the schemes is checksum"), "{error}");
    let signed = definition(&format!("weakness = \"checksum\"\n{scheme}"));
    let error = read(signed.replace("{body_crc32}", "{body}")).unwrap_err().to_string();
    assert!(error.contains("that of the schemes is none"), "{error}");
}

/// The request with another event type: as the places of the definition name it.
fn retyped(case: &Case, place: &str) -> Option<Case> {
    let mut case = case.clone();
    match place.split_once(':')? {
        ("header", name) => case.set(name, "forged"),
        ("json", path) => {
            let mut json: Value = serde_json::from_slice(&case.body).ok()?;
            let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
            *json.pointer_mut(&pointer)? = "forged".into();
            case.body = json.to_string().into_bytes();
        }
        ("form", name) => {
            let text = String::from_utf8(case.body).ok()?;
            let fields = text.split('&').map(|field| match field.split_once('=') {
                Some((known, _)) if known == name => format!("{known}=forged"),
                _ => field.to_owned(),
            });
            case.body = fields.collect::<Vec<_>>().join("&").into_bytes();
        }
        _ => return None,
    }
    Some(case)
}

#[test]
fn a_type_that_is_called_signed_cannot_be_changed_and_any_other_can() {
    let (mut signed, mut unsigned) = (0, 0);
    for provider in providers() {
        let Some(selector) = provider.event_type() else { continue };
        let text = selector.to_string();
        let places: Vec<_> = text.split(" + ").flat_map(|part| part.split(" or ")).collect();
        let examples = examples(&provider);
        let changed = examples.iter().flat_map(|case| {
            places
                .iter()
                .filter_map(|place| retyped(case, place))
                .filter(|it| it.body != case.body || it.headers != case.headers)
        });
        let passed: Vec<_> = changed.map(|case| case.verify().is_ok()).collect();
        let id = provider.id();
        if selector.is_covered() {
            assert!(passed.iter().all(|passed| !passed), "{id}: {text}");
            signed += passed.len().min(1);
        } else if !passed.is_empty() && !may_hold_a_type(&provider) {
            assert!(passed.contains(&true), "{id}: {text}");
            unsigned += 1;
        }
    }
    assert!(signed >= 15 && unsigned >= 15, "{signed} {unsigned}");
}

/// Code or a token's claims decide what is signed, and fields run together in a sorted form: such
/// a scheme is not relied on for a type, and may sign it all the same.
fn may_hold_a_type(provider: &Provider) -> bool {
    let message = provider.scheme().message().unwrap_or_default();
    ["code", "jwt"].contains(&provider.scheme().name()) || message.contains("{sorted_form}")
}
