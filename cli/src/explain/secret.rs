//! What may be wrong with the text of a secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hookdock_signature::describe::Definition;
use hookdock_signature::{Provider, Secret};
use zeroize::Zeroizing;

use crate::explain::case::Case;
use crate::explain::changes::{Change, SecretStep};
use crate::explain::finding::{Finding, SecretLooks};
use crate::explain::variant::{Part, Variant};
use crate::input::SecretFile;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// How the providers' keys for their own APIs begin. None of them signs webhooks.
const API_KEYS: [&str; 7] =
    ["sk_live_", "sk_test_", "pk_live_", "pk_test_", "rk_live_", "ghp_", "shpat_"];

/// A text, and how it came about.
#[derive(Clone)]
struct Text {
    steps: Vec<SecretStep>,
    text: Zeroizing<String>,
}

/// What the provider's key may be: the text of a secret, or its bytes.
enum Key {
    Text(Zeroizing<String>),
    Bytes(Zeroizing<Vec<u8>>),
}

/// The secrets that may have signed instead.
pub(crate) fn variants(case: &Case<'_>, definition: &Definition) -> Vec<Variant> {
    let files = case.secrets.iter();
    files.flat_map(|file| variants_of(file, case, definition)).collect()
}

fn variants_of(file: &SecretFile, case: &Case<'_>, definition: &Definition) -> Vec<Variant> {
    let keys = candidates(file.expose(), definition).into_iter();
    let variant = |(how, key): (Vec<SecretStep>, Key)| {
        let (provider, secret) = usable(&key, case, definition)?;
        let change = Change::Secret { secret: file.path().to_owned(), how };
        Some(Variant { change, part: Part::Secret(Box::new(provider), secret) })
    };
    keys.filter_map(variant).collect()
}

fn candidates(given: &str, definition: &Definition) -> Vec<(Vec<SecretStep>, Key)> {
    let given = Text { steps: Vec::new(), text: Zeroizing::new(given.to_owned()) };
    let mut texts = vec![given.clone()];
    texts.extend(cleaned(&given).into_iter().filter(|clean| !clean.steps.is_empty()));
    let texts: Vec<Text> = texts.iter().flat_map(|text| prefixed(text, definition)).collect();
    let mut found: Vec<_> = Vec::new();
    for Text { steps, text } in &texts {
        if !steps.is_empty() {
            found.push((steps.clone(), Key::Text(text.clone())));
        }
    }
    for text in &texts {
        found.extend(decoded(text, definition));
    }
    found
}

/// Without what copying and configuration files add. Some secrets have blanks, so they are the
/// last to go.
fn cleaned(given: &Text) -> [Text; 2] {
    let mut text = given.clone();
    text.step(SecretStep::ByteOrderMarkRemoved, |text| {
        text.trim_start_matches(BYTE_ORDER_MARK).to_owned()
    });
    text.step(SecretStep::NameRemoved, |text| without_name(text).to_owned());
    text.step(SecretStep::QuotesRemoved, |text| text.trim_matches(['"', '\'', '`']).to_owned());
    text.step(SecretStep::EscapedNewlineRemoved, |text| text.trim_end_matches("\\n").to_owned());
    let mut dense = text.clone();
    dense.step(SecretStep::BlanksRemoved, |text| text.split_whitespace().collect());
    [text, dense]
}

impl Text {
    /// Notes a step only if it changes something.
    fn step(&mut self, step: SecretStep, change: impl Fn(&str) -> String) {
        let changed = Zeroizing::new(change(&self.text));
        if changed != self.text {
            self.steps.push(step);
            self.text = changed;
        }
    }

    fn after(&self, step: SecretStep, text: String) -> Self {
        let steps = self.steps.iter().cloned().chain([step]).collect();
        Self { steps, text: Zeroizing::new(text) }
    }
}

/// `NAME=value` as in a file of variables; the name is in capitals.
fn without_name(text: &str) -> &str {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
    };
    let line = text.strip_prefix("export ").unwrap_or(text);
    match line.split_once('=') {
        Some((name, value)) if is_name(name) && !value.is_empty() => value,
        _ => text,
    }
}

/// The text as it is, without a known prefix, and with one.
fn prefixed(text: &Text, definition: &Definition) -> Vec<Text> {
    let mut found = vec![text.clone()];
    for prefix in prefixes(definition) {
        let name = prefix.clone();
        found.push(match text.text.strip_prefix(&*prefix) {
            Some(rest) => text.after(SecretStep::PrefixRemoved { prefix: name }, rest.to_owned()),
            None => {
                let longer = format!("{prefix}{}", *text.text);
                text.after(SecretStep::PrefixAdded { prefix: name }, longer)
            }
        });
    }
    found
}

fn prefixes(definition: &Definition) -> Vec<String> {
    let own = definition.scheme().key.as_ref().and_then(|key| key.strip_prefix.clone());
    let mut prefixes = vec!["whsec_".to_owned()];
    prefixes.extend(own.filter(|own| own != "whsec_"));
    prefixes
}

/// The bytes that the text may stand for.
fn decoded(text: &Text, definition: &Definition) -> Vec<(Vec<SecretStep>, Key)> {
    let bare = text.text.trim_end_matches('=');
    let base64 = STANDARD.decode(&*text.text).or_else(|_| URL_SAFE_NO_PAD.decode(bare)).ok();
    let plain = (format(definition) != "utf8").then(|| text.text.as_bytes().to_vec());
    let found = [
        (SecretStep::Base64Decoded, base64),
        (SecretStep::HexDecoded, hex::decode(&*text.text).ok()),
        (SecretStep::TakenAsText, plain),
    ];
    let found = found.into_iter().filter_map(|(step, key)| Some((step, key?)));
    let found = found.filter(|(_, key)| !key.is_empty());
    let steps = |step| text.steps.iter().cloned().chain([step]).collect();
    found.map(|(step, key)| (steps(step), Key::Bytes(Zeroizing::new(key)))).collect()
}

fn format(definition: &Definition) -> &str {
    let key = definition.scheme().key.as_ref();
    key.map_or("utf8", |key| key.format)
}

/// The provider and a secret by which it comes to use this key.
fn usable(key: &Key, case: &Case<'_>, definition: &Definition) -> Option<(Provider, Secret)> {
    let own = || case.provider.clone();
    let (provider, text) = match (key, format(definition)) {
        (Key::Text(text), _) => (own(), text.clone()),
        (Key::Bytes(bytes), "base64") => (own(), Zeroizing::new(STANDARD.encode(bytes))),
        (Key::Bytes(bytes), "hex") => (own(), Zeroizing::new(hex::encode(bytes))),
        (Key::Bytes(bytes), "utf8") => match std::str::from_utf8(bytes) {
            Ok(text) => (own(), Zeroizing::new(text.to_owned())),
            Err(_) => (own().with_hex_keys()?, Zeroizing::new(hex::encode(bytes))),
        },
        (Key::Bytes(_), _) => return None,
    };
    Some((provider, Secret::new("tried", &**text).ok()?))
}

/// What is odd about the secrets, one thing each.
pub(crate) fn looks(case: &Case<'_>, definition: &Definition) -> Vec<Finding> {
    let found = case.secrets.iter().filter_map(|file| {
        let looks = odd(file.expose(), definition)?;
        let format = case.provider.secret_notes().format.clone();
        Some(Finding::Secret { secret: file.path().to_owned(), looks, format })
    });
    found.collect()
}

fn odd(text: &str, definition: &Definition) -> Option<SecretLooks> {
    let strip = definition.scheme().key.as_ref().and_then(|key| key.strip_prefix.as_deref());
    let bare = strip.and_then(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    let rules = [
        (text.starts_with(BYTE_ORDER_MARK), SecretLooks::ByteOrderMark),
        (text.starts_with(['"', '\'', '`']), SecretLooks::Quoted),
        (text.contains("...") || text.contains('<'), SecretLooks::Placeholder),
        (API_KEYS.iter().any(|prefix| text.starts_with(prefix)), SecretLooks::ApiKey),
        (
            !text.contains("-----")
                && text.contains(char::is_whitespace)
                && format(definition) != "utf8",
            SecretLooks::BlanksInside,
        ),
        (format(definition) == "base64" && STANDARD.decode(bare).is_err(), SecretLooks::NotBase64),
        (format(definition) == "hex" && hex::decode(bare).is_err(), SecretLooks::NotHex),
    ];
    rules.into_iter().find(|(holds, _)| *holds).map(|(_, looks)| looks)
}
