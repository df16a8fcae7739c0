//! All that is known of one provider.

use hookdock_signature::describe::{Definition, Items, card};
use hookdock_signature::{Class, Handshake, Provider, Scheme, Selector, Weakness};
use serde::Serialize;

use crate::output;
use crate::providers::list::Marks;

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
    class: Option<&'static str>,
    weakness: Option<&'static str>,
    trust: Marks,
    schemes: Vec<Signing>,
    headers: Vec<String>,
    settings: Vec<Setting>,
    secret_format: Option<String>,
    secret_found: Option<String>,
    rotation: Option<String>,
    event_id: Vec<String>,
    event_id_stable_on_retry: Option<bool>,
    event_type: Vec<String>,
    event_type_signed: Option<bool>,
    items: Vec<Items>,
    methods: Vec<&'static str>,
    controls: Vec<String>,
    set_up: Vec<String>,
    body: String,
    window: Option<String>,
    weak: Vec<String>,
    answer_within_ms: Option<u64>,
    success: Option<String>,
    retries: Option<String>,
    reconcile: Option<String>,
    handshakes: Vec<Exchange>,
    notes: Option<String>,
    sources: Vec<Source>,
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

#[derive(Debug, Serialize)]
struct Source {
    what: String,
    read: String,
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
        let (delivery, secret) = (provider.delivery().clone(), provider.secret_notes().clone());
        Self {
            id: provider.id().to_owned(),
            name: provider.name().to_owned(),
            class: provider.class().map(Class::as_str),
            weakness: provider.weakness().map(Weakness::as_str),
            trust: Marks::of(provider),
            schemes: schemes(provider),
            headers: definition.headers().into_iter().map(str::to_owned).collect(),
            settings: settings(provider),
            secret_format: secret.format,
            secret_found: secret.found,
            rotation: delivery.rotation,
            event_id: definition.event_id,
            event_id_stable_on_retry: provider.event_id_stable_on_retry(),
            event_type: definition.event_type,
            event_type_signed: provider.event_type().map(Selector::is_covered),
            items: definition.items,
            methods: provider.methods(),
            controls: definition.controls,
            set_up: definition.set_up,
            body: definition.body,
            window: definition.window,
            weak: definition.weak,
            answer_within_ms: delivery.answer_within_ms,
            success: delivery.success,
            retries: delivery.retries,
            reconcile: delivery.reconcile,
            handshakes: provider.handshakes().iter().map(Exchange::of).collect(),
            notes: provider.notes().map(|notes| notes.trim().to_owned()),
            sources: sources(provider),
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

fn sources(provider: &Provider) -> Vec<Source> {
    let sources = provider.sources().iter();
    let sources = sources.map(|one| Source { what: one.what.clone(), read: one.read.clone() });
    sources.collect()
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
