//! Every signed example of the catalogue, changed in one place at a time.
//!
//! What to change, and what has to come of it, follows from the definition. Code
//! modules have tables of their own.

use std::collections::BTreeMap;

use hookdock_signature::{Rejection, catalog};
use toml::Value;

use crate::rows::{MISMATCH, again, cut, malformed, missing, repeated, swap, unknown};
use crate::support::{Case, check, is_verifiable, vectors};

/// A good delivery and the keys of the scheme that accepts it.
struct Example {
    id: String,
    case: Case,
    main: Value,
    scheme: Value,
    /// The one that carries the signature.
    header: String,
}

impl Example {
    /// A key of the scheme, which an alternative may take from the main one.
    fn key(&self, path: &str) -> Option<&Value> {
        let find = |root| path.split('.').try_fold(root, |at: &Value, key| at.get(key));
        let (table, _) = path.split_once('.').unwrap_or((path, ""));
        let own = self.scheme.get(table).is_some() || self.scheme.get("kind").is_some();
        if own { find(&self.scheme) } else { find(&self.main) }
    }

    fn text(&self, path: &str) -> &str {
        self.key(path).and_then(Value::as_str).unwrap_or_default()
    }

    fn signature_header(&self) -> &str {
        &self.header
    }

    fn is_token(&self) -> bool {
        self.text("kind") == "token"
    }

    /// What stands before every signature in the header.
    fn tag(&self) -> String {
        match self.text("signature.layout") {
            "tagged" => {
                format!("{}{}", self.text("signature.tag"), self.text("signature.tag_sep"))
            }
            "kv" => format!("{}=", self.text("signature.field")),
            _ if self.key("signature.prefix_optional").is_some() => String::new(),
            _ => self.text("signature.prefix").to_owned(),
        }
    }

    fn has_one_signature(&self) -> bool {
        let tag = self.tag();
        tag.is_empty() || self.case.header(self.signature_header()).matches(&tag).count() == 1
    }

    fn is_shared(&self) -> bool {
        self.text("kind") == "hmac"
    }

    /// The headers that enter the message, the time among them.
    fn signed_headers(&self) -> Vec<&str> {
        let message = self.text("message");
        let named = message.split("{header:").skip(1).filter_map(|rest| rest.split('}').next());
        let time = (self.text("timestamp.from") == "header").then(|| self.text("timestamp.name"));
        named.chain(time).collect()
    }

    fn check(&self, name: &str, change: impl Fn(&mut Case), expected: &Result<&str, Rejection>) {
        let mut case = self.case.clone();
        change(&mut case);
        check(&format!("{}: {name}", self.id), &case, expected);
    }
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for id in catalog::ids() {
        let provider = catalog::find(id).unwrap();
        if ["code", "jwt"].contains(&provider.scheme().name()) || !is_verifiable(&provider) {
            continue;
        }
        let definition: Value = toml::from_str(catalog::text(id).unwrap()).unwrap();
        for vector in vectors(id) {
            let case = vector.case(provider.clone());
            let held = case.verify().unwrap().alternative().map(str::to_owned);
            let main = definition["scheme"].clone();
            let scheme = held.map_or_else(|| main.clone(), |name| alternative(&definition, &name));
            let header = String::new();
            let mut example = Example { id: vector.id, case, main, scheme, header };
            example.header = resolved(example.text("signature.name"), &vector.settings);
            // Where the body carries the signature, it is changed by hand elsewhere.
            if example.text("signature.from") == "header" {
                examples.push(example);
            }
        }
    }
    examples
}

fn resolved(name: &str, settings: &BTreeMap<String, String>) -> String {
    let setting = name.strip_prefix("{config:").and_then(|rest| rest.strip_suffix('}'));
    setting.map_or(name, |setting| &settings[setting]).to_owned()
}

fn alternative(definition: &Value, name: &str) -> Value {
    let all = definition["alternatives"].as_array().unwrap();
    let found = all.iter().find(|one| one["name"].as_str() == Some(name)).unwrap();
    match found.get("rename") {
        Some(rename) => renamed(definition["scheme"].clone(), rename),
        None => found["scheme"].clone(),
    }
}

/// The main scheme under other headers.
fn renamed(mut scheme: Value, rename: &Value) -> Value {
    let [from, to] = ["from", "to"].map(|key| rename[key].as_str().unwrap());
    for path in [&["message"][..], &["signature", "name"], &["timestamp", "name"]] {
        let value = path.iter().fold(&mut scheme, |at, key| &mut at[*key]);
        *value = value.as_str().unwrap().replace(from, to).into();
    }
    scheme
}

#[test]
fn there_are_examples_of_many_providers() {
    let count = examples().len();
    assert!(count >= if cfg!(feature = "public-key") { 74 } else { 70 }, "{count}");
}

#[test]
fn any_other_body_is_refused() {
    for example in examples() {
        if !example.text("message").contains("{body") {
            continue;
        }
        for index in 0..example.case.body.len() {
            example.check(&format!("byte {index}"), |case| case.body[index] ^= 1, &MISMATCH);
        }
        example.check("a line end more", |case| case.body.push(b'\n'), &MISMATCH);
        if !example.case.body.is_empty() {
            let length = example.case.body.len();
            example.check("a byte less", |case| case.body.truncate(length - 1), &MISMATCH);
            example.check("no body", |case| case.body.clear(), &MISMATCH);
        }
    }
}

#[test]
fn another_secret_or_none_is_refused() {
    for example in examples() {
        example.check("no secret", |case| case.secrets.clear(), &Err(Rejection::NoSecret));
        if example.is_shared() {
            example.check("another", |case| case.secrets[0] = near(&case.secrets[0]), &MISMATCH);
            let beside = |case: &mut Case| case.secrets.insert(0, near(&case.secrets[0]));
            example.check("another beside it", beside, &Ok("s1"));
        }
    }
}

/// Another secret of the same form, be that hex, base64 or text.
fn near(secret: &str) -> String {
    let middle = secret.char_indices().nth(secret.chars().count() / 2).unwrap().0;
    let (head, tail) = secret.split_at(middle);
    format!("{head}BBBB{tail}")
}

#[test]
fn the_signature_has_to_be_there_once() {
    for example in examples() {
        let name = example.signature_header();
        let first = example.main["signature"]["name"].as_str().unwrap();
        let first = if first.starts_with('{') { name } else { first };
        let gone = match example.main["signature"]["from"].as_str().unwrap() {
            "json" => Err(Rejection::MissingField { name: first.to_owned() }),
            _ => missing(first),
        };
        example.check("no signature", |case| case.remove(name), &gone);
        example.check("an empty one", |case| case.set(name, ""), &malformed(name));
        example.check("a blank one", |case| case.set(name, " \t"), &malformed(name));
        example.check("the same twice", |case| again(case, name), &repeated(name));
    }
}

#[test]
fn what_is_signed_beside_the_body_has_to_be_there_once() {
    for example in examples() {
        for name in example.signed_headers() {
            let named = |what: &str| format!("{what} {name}");
            example.check(&named("no"), |case| case.remove(name), &missing(name));
            example.check(&named("empty"), |case| case.set(name, ""), &malformed(name));
            example.check(&named("twice"), |case| again(case, name), &repeated(name));
            example.check(&named("another"), |case| nudge(case, name), &MISMATCH);
        }
    }
}

/// One digit or letter of a header becomes the next, far enough from the front to
/// keep a time a time.
fn nudge(case: &mut Case, name: &str) {
    let mut text = case.header(name).as_bytes().to_vec();
    let at = text.iter().position(u8::is_ascii_alphanumeric).unwrap() + text.len() / 3;
    text[at] = if text[at] == b'1' { b'2' } else { b'1' };
    case.set(name, &String::from_utf8(text).unwrap());
}

/// Whose alternative takes the whole header for one signature, which got further.
const BARE_TOO: [&str; 2] = ["convoy-own-1", "mercury-own-1"];

#[test]
fn an_unknown_version_is_no_signature() {
    for example in examples() {
        let name = example.signature_header();
        let tag = example.tag();
        if !tag.is_empty() {
            let other = |case: &mut Case| swap(case, name, &tag, &format!("x9{tag}"));
            let bare = BARE_TOO.contains(&&*example.id);
            let expected = if bare { malformed(name) } else { unknown(name) };
            example.check("another version", other, &expected);
        }
    }
}

#[test]
fn half_a_signature_is_none() {
    let plain = |example: &&Example| example.has_one_signature() && !example.is_token();
    for example in examples().iter().filter(plain) {
        let name = example.signature_header();
        // Those without a length of their own are not malformed, only wrong.
        let free = ["ecdsa", "rsa"].contains(&example.text("kind"));
        let expected = if free { MISMATCH } else { malformed(name) };
        example.check("truncated", |case| cut(case, name, 0, 4), &expected);
        example.check("one character more", |case| longer(case, name), &malformed(name));
    }
}

fn longer(case: &mut Case, name: &str) {
    let value = format!("{}A", case.header(name));
    case.set(name, &value);
}

#[test]
fn hex_is_read_in_either_case_and_base64_is_not() {
    for example in examples() {
        let name = example.signature_header();
        let length = example.case.header(name).len();
        match example.text("encoding") {
            "hex" => {
                // The digits of SHA-1 are the shortest; a tag before them stays.
                example.check("capitals", |case| upper(case, name, length - 40, 0), &Ok("s0"));
            }
            "base64-hex" => {
                example.check("capitals", |case| upper(case, name, 4, 4), &malformed(name));
            }
            "base64" | "base64url" => {
                example.check("capitals", |case| upper(case, name, length - 24, 8), &MISMATCH);
            }
            other => assert!(other.is_empty() && example.is_token(), "{}", example.id),
        }
    }
}

fn upper(case: &mut Case, name: &str, from: usize, back: usize) {
    let value = case.header(name);
    let (rest, tail) = value.split_at(value.len() - back);
    let (head, middle) = rest.split_at(from);
    let value = format!("{head}{}{tail}", middle.to_uppercase());
    case.set(name, &value);
}

#[test]
fn the_age_is_limited_on_both_sides_or_not_at_all() {
    for example in examples() {
        let proof = example.case.verify().unwrap();
        let Some(at) = proof.provider_timestamp() else { continue };
        let at_age = |seconds: i64| move |case: &mut Case| case.now_ms = at.get() + seconds * 1000;
        let Some(tolerance) = proof.tolerance_seconds() else {
            example.check("years later", at_age(100_000_000), &Ok("s0"));
            example.check("years before", at_age(-100_000_000), &Ok("s0"));
            continue;
        };
        let tolerance = i64::from(tolerance);
        let skew_seconds = u64::try_from(tolerance).unwrap() + 1;
        let (stale, early) =
            (Rejection::Stale { skew_seconds }, Rejection::FromTheFuture { skew_seconds });
        example.check("just young enough", at_age(tolerance), &Ok("s0"));
        example.check("too old", at_age(tolerance + 1), &Err(stale));
        example.check("just old enough", at_age(-tolerance), &Ok("s0"));
        example.check("too young", at_age(-tolerance - 1), &Err(early));
    }
}
