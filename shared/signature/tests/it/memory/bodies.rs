//! Bodies that are cheap to send and were dear to read.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hookdock_signature::Provider;

/// A body, and what is hostile about it.
pub(crate) type Named = (String, Vec<u8>);

/// A text that begins and ends like this and is filled to the size in between.
pub(crate) fn filled(head: &str, piece: &str, between: &str, tail: &str, size: usize) -> Vec<u8> {
    let room = size.saturating_sub(head.len() + piece.len() + tail.len());
    let many = format!("{piece}{between}").repeat(room / (piece.len() + between.len()));
    format!("{head}{many}{piece}{tail}").into_bytes()
}

/// Every shape that a parser could build a lot from, for any provider.
pub(crate) fn any_provider(size: usize) -> Vec<Named> {
    let half = size / 2 - 8;
    [
        ("tiny objects", filled("[", "{\"\":0}", ",", "]", size)),
        ("numbers", filled("[", "0", ",", "]", size)),
        ("members", numbered("{", size, |number| format!("\"{number:x}\":0"), ",", "}")),
        ("empty members", filled("{", "\"\":0", ",", "}", size)),
        ("nesting", [vec![b'['; half], vec![b']'; half]].concat()),
        ("nesting that breaks off", vec![b'['; size]),
        ("a text of escapes", filled("\"", "\\n", "", "\"", size)),
        ("a key of escapes", filled("{\"", "\\u0001", "", "\":0}", size)),
        ("control characters", vec![1; size]),
        ("no text at all", vec![0xff; size]),
        ("a form of names", filled("", "a", "&", "", size)),
        ("a form of other names", numbered("", size, |number| format!("{number:x}"), "&", "")),
        ("a form that is escaped", filled("", "%61=%ff+", "&", "", size)),
        ("a value that is escaped", filled("a=", "%c3%a9", "", "", size)),
        ("a value that is no text", [&b"a="[..], &vec![0xff; size - 2]].concat()),
        ("a token's head", token(&filled(HEAD, "{\"\":0}", ",", "]}", half), b"{}")),
        ("a token's claims", token(TOKEN, &filled("{\"a\":[", "{\"\":0}", ",", "]}", half))),
        ("claims in a text", token(TOKEN, &filled("{\"data\":\"{", "\\n", "", "}\"}", half))),
    ]
    .map(|(name, body)| (name.to_owned(), body))
    .into()
}

const HEAD: &str = "{\"alg\":\"RS256\",\"kid\":\"k\",\"crit\":[";
const TOKEN: &[u8] = b"{\"alg\":\"RS256\",\"kid\":\"k\"}";

fn token(head: &[u8], claims: &[u8]) -> Vec<u8> {
    let parts = [head, claims, &[0; 256]].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    parts.join(".").into_bytes()
}

/// As [`filled`], each piece another one.
fn numbered(
    head: &str,
    size: usize,
    piece: impl Fn(usize) -> String,
    between: &str,
    tail: &str,
) -> Vec<u8> {
    let mut text = head.to_owned();
    for number in 0.. {
        let next = piece(number);
        if text.len() + next.len() + between.len() + tail.len() > size {
            break;
        }
        if number > 0 {
            text.push_str(between);
        }
        text.push_str(&next);
    }
    (text + tail).into_bytes()
}

/// A request that is filled up with such an item, in each of the places where the provider puts
/// its items.
pub(crate) fn items(provider: &Provider, item: &str, size: usize) -> Vec<Named> {
    let Some(items) = provider.items() else { return Vec::new() };
    let form = items.form().map(|name| format!("{name}=")).unwrap_or_default();
    let bodies = items.places().into_iter().map(|place| {
        let (head, tail) = around(place.at);
        let body = filled(&format!("{form}{head}"), item, ",", &tail, size);
        (format!("{} bytes at {}", item.len(), place.at), body)
    });
    bodies.collect()
}

/// What stands around the items: of `a.b[].c[]` it is `{"a":{"b":[{"c":[` and `]}]}}`. Where the
/// whole is the item, they are a list in it.
fn around(path: &str) -> (String, String) {
    let long = "x".repeat(256);
    let common = format!("{{\"id\":\"{long}\",\"field\":\"{long}\",\"realmId\":\"{long}\",");
    let (mut head, mut tail) = (String::new(), String::new());
    let (arrays, _) = path.rsplit_once("[]").unwrap_or(("list", ""));
    for (outer, keys) in arrays.split("[]").enumerate() {
        for (depth, key) in keys.split('.').filter(|key| !key.is_empty()).enumerate() {
            head.push_str(if outer > 0 && depth == 0 { &common } else { "{" });
            head.extend(["\"", key, "\":"]);
            tail.insert(0, '}');
        }
        head.push('[');
        tail.insert(0, ']');
    }
    (head, tail)
}

/// A body that the provider sends, grown: after what is read of it, and in what is read of it.
pub(crate) fn grown(body: &str, size: usize) -> Vec<Named> {
    let mut bodies = Vec::new();
    if let Some(open) = body.trim_end().strip_suffix('}') {
        for piece in ["{\"\":0}", "0", "[]"] {
            let body = filled(&format!("{open},\"zz\":["), piece, ",", "]}", size);
            bodies.push((format!("{piece} after what is read"), body));
        }
        bodies.extend(grown_texts(body, size));
    } else {
        bodies.push(("names after what is read".to_owned(), filled(body, "&a", "", "", size)));
        bodies.push(("escapes after what is read".to_owned(), filled(body, "%20", "", "", size)));
    }
    bodies
}

/// Each text of an object that is not nested deeper than two levels, grown by escapes.
fn grown_texts(body: &str, size: usize) -> Vec<Named> {
    let Ok(root) = serde_json::from_str::<serde_json::Value>(body) else { return Vec::new() };
    let mut places = Vec::new();
    for (name, value) in root.as_object().into_iter().flatten() {
        match value {
            serde_json::Value::String(_) => places.push(format!("/{name}")),
            value => {
                let inner = value.as_object().into_iter().flatten();
                let texts = inner.filter(|(_, value)| value.is_string());
                places.extend(texts.map(|(inner, _)| format!("/{name}/{inner}")));
            }
        }
    }
    let grown = places.into_iter().map(|at| {
        let mut root = root.clone();
        *root.pointer_mut(&at).expect("found before") = "\n".repeat(size / 2).into();
        (format!("{at} is long"), root.to_string().into_bytes())
    });
    grown.collect()
}
