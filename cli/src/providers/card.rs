//! All that is known of one provider.

use hookdock_signature::describe::{Definition, card};
use hookdock_signature::{
    Citation, Class, Delivery, Handshake, Provider, Scheme, Selector, TrustMarks, Weakness,
};
use serde::Serialize;

use crate::output;

/// All that is known of one provider.
#[derive(Debug, Serialize)]
pub(crate) struct Card {
    provider: Facts,
    #[serde(skip)]
    text: String,
}

#[derive(Debug, Serialize)]
struct Facts {
    id: String,
    name: String,
    class: Option<Class>,
    weakness: Option<Weakness>,
    trust: TrustMarks,
    schemes: Vec<Signing>,
    headers: Vec<String>,
    settings: Vec<Setting>,
    secret_format: Option<String>,
    secret_found: Option<String>,
    #[serde(flatten)]
    definition: Definition,
    #[serde(flatten)]
    delivery: Delivery,
    event_id_stable_on_retry: Option<bool>,
    event_type_signed: Option<bool>,
    methods: Vec<&'static str>,
    handshakes: Vec<Exchange>,
    notes: Option<String>,
    sources: Vec<Citation>,
}

#[derive(Debug, Serialize)]
struct Signing {
    alternative: Option<String>,
    scheme: &'static str,
    message: Option<String>,
    tolerance_seconds: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Setting {
    name: String,
    description: String,
    default: Option<String>,
    optional: bool,
}

#[derive(Debug, Serialize)]
struct Exchange {
    kind: &'static str,
    method: &'static str,
    signed: bool,
    request: String,
    notes: Option<String>,
}

impl Card {
    pub(crate) fn of(provider: &Provider) -> Self {
        let definition = Definition::of(provider);
        Self { provider: Facts::of(provider, definition), text: text(provider) }
    }

    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json { output::print_json(self) } else { output::print(&self.text) }
    }
}

impl Facts {
    fn of(provider: &Provider, definition: Definition) -> Self {
        let secret = provider.secret_notes().clone();
        Self {
            id: provider.id().to_owned(),
            name: provider.name().to_owned(),
            class: provider.class(),
            weakness: provider.weakness(),
            trust: provider.trust(),
            schemes: schemes(provider),
            headers: definition.headers().into_iter().map(str::to_owned).collect(),
            settings: settings(provider),
            secret_format: secret.format,
            secret_found: secret.found,
            definition,
            delivery: provider.delivery().clone(),
            event_id_stable_on_retry: provider.event_id_stable_on_retry(),
            event_type_signed: provider.event_type().map(Selector::is_covered),
            methods: provider.methods(),
            handshakes: provider.handshakes().iter().map(Exchange::of).collect(),
            notes: provider.notes().map(|notes| notes.trim().to_owned()),
            sources: provider.sources().clone(),
        }
    }
}

impl Exchange {
    fn of(handshake: &Handshake) -> Self {
        Self {
            kind: handshake.kind(),
            method: handshake.method(),
            signed: handshake.is_signed(),
            request: handshake.to_string(),
            notes: handshake.notes().map(|notes| notes.trim().to_owned()),
        }
    }
}

fn schemes(provider: &Provider) -> Vec<Signing> {
    let signing = |scheme: &Scheme| Signing {
        alternative: scheme.alternative().map(str::to_owned),
        scheme: scheme.name(),
        message: scheme.message().map(str::to_owned),
        tolerance_seconds: scheme.tolerance_seconds(),
    };
    std::iter::once(provider.scheme()).chain(provider.alternatives()).map(signing).collect()
}

fn settings(provider: &Provider) -> Vec<Setting> {
    let settings = provider.settings().map(|(name, setting)| Setting {
        name: name.to_owned(),
        description: setting.description.clone(),
        default: setting.value.clone(),
        optional: setting.optional,
    });
    settings.collect()
}

/// The card as a person reads it.
fn text(provider: &Provider) -> String {
    let title = format!("{} ({})", provider.name(), provider.id());
    let rows = card(provider).into_iter().map(|(name, text)| row(name, &text));
    std::iter::once(title).chain(rows).collect::<Vec<_>>().join("\n")
}

/// A name and its text; further lines stand under the first.
fn row(name: &str, text: &str) -> String {
    format!("  {name:<11} {}", text.trim().replace('\n', "\n              "))
}
