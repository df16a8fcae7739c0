//! All that is known of one provider.

use hookdock_signature::describe::{Definition, Items};
use hookdock_signature::{Class, Handshake, Provider, Scheme, Selector, Weakness};
use serde::Serialize;

use crate::output;
use crate::providers::list::{Marks, seconds};

/// All that is known of one provider.
#[derive(Debug, Serialize)]
pub(crate) struct Card {
    provider: Facts,
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
        Self { provider: Facts::of(provider, definition) }
    }

    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json { output::print_json(self) } else { output::print(&self.provider.text()) }
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
            answer_within_ms: delivery.answer_within_ms,
            success: delivery.success,
            retries: delivery.retries,
            reconcile: delivery.reconcile,
            handshakes: provider.handshakes().iter().map(Exchange::of).collect(),
            notes: provider.notes().map(|notes| notes.trim().to_owned()),
            sources: sources(provider),
        }
    }

    fn text(&self) -> String {
        let title = format!("{} ({})", self.name, self.id);
        let rows = self.rows().into_iter().filter(|(_, text)| !text.is_empty());
        let rows = rows.map(|(name, text)| row(name, &text));
        std::iter::once(title).chain(rows).collect::<Vec<_>>().join("\n")
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut rows = vec![
            ("class", self.class.unwrap_or_default().to_owned()),
            ("weakness", self.weakness.unwrap_or_default().to_owned()),
            ("trust", self.trust.text()),
        ];
        rows.extend(self.schemes.iter().map(|signing| ("scheme", signing.text())));
        rows.push(("headers", self.headers.join(", ")));
        rows.extend(self.settings.iter().map(|setting| ("setting", setting.text())));
        rows.extend([
            ("secret", text(&self.secret_format)),
            ("found at", text(&self.secret_found)),
            ("rotation", text(&self.rotation)),
            ("event id", self.event_id()),
            ("event type", self.event_type()),
            ("methods", self.methods.join(", ")),
            ("controls", self.controls.join(", ")),
            ("items", self.items.iter().map(items).collect::<Vec<_>>().join("\n")),
            ("time limit", self.answer_within_ms.map_or_else(|| "unknown".to_owned(), seconds)),
            ("success", text(&self.success)),
            ("retries", text(&self.retries)),
            ("reconcile", text(&self.reconcile)),
        ]);
        rows.extend(self.handshakes.iter().map(|exchange| ("handshake", exchange.text())));
        rows.push(("notes", text(&self.notes)));
        let sources = self.sources.iter();
        rows.extend(
            sources.map(|source| ("source", format!("{} (read {})", source.what, source.read))),
        );
        rows
    }

    fn event_id(&self) -> String {
        let stable = match self.event_id_stable_on_retry {
            Some(true) => "; a retry has the same",
            Some(false) => "; a retry has another",
            None => "",
        };
        if self.event_id.is_empty() {
            return String::new();
        }
        format!("{}{stable}", self.event_id.join(", "))
    }

    fn event_type(&self) -> String {
        let unsigned = if self.event_type_signed == Some(false) { "; not signed" } else { "" };
        format!("{}{unsigned}", self.event_type.join(", "))
    }
}

impl Signing {
    fn text(&self) -> String {
        let mut text = self.scheme.to_owned();
        if let Some(message) = &self.message {
            text.extend([" over ", message]);
        }
        if let Some(tolerance) = self.tolerance_seconds {
            text.extend(["; at most ", &*tolerance.to_string(), " s old"]);
        }
        match &self.alternative {
            Some(name) => format!("{text} (alternative: {name})"),
            None => text,
        }
    }
}

impl Setting {
    fn text(&self) -> String {
        let aside = match &self.default {
            Some(value) => format!(" (default: {value})"),
            None if self.optional => " (optional)".to_owned(),
            None => String::new(),
        };
        format!("{}: {}{aside}", self.name, self.description)
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

    fn text(&self) -> String {
        let notes = self.notes.as_ref().map(|notes| format!("\n{notes}")).unwrap_or_default();
        format!("{}: {}{notes}", self.kind, self.request)
    }
}

fn items(items: &Items) -> String {
    let form = items.form.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let named = [("id", &items.id), ("type", &items.event_type)].into_iter();
    let named = named.filter(|(_, places)| !places.is_empty());
    let named = named.map(|(name, places)| format!("; {name}: {}", places.join(", ")));
    format!("{form}{}{}", items.at, named.collect::<String>())
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

/// A name and its text; further lines stand under the first.
fn row(name: &str, text: &str) -> String {
    format!("  {name:<11} {}", text.trim().replace('\n', "\n              "))
}
