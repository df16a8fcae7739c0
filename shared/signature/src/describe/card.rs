//! All that is known of a provider, in rows for people: what `hookdock providers NAME` prints, and
//! what PROVIDERS.md has of it.

use std::time::Duration;

use crate::describe::{Definition, Items};
use crate::{Class, Handshake, Provider, Scheme, Selector, Setting, Weakness};

/// The rows: a name, and a text that may have several lines. What is not known is left out.
///
/// ```
/// use hookdock_signature::{catalog, describe};
///
/// let card = describe::card(&catalog::find("stripe").unwrap());
/// assert_eq!(card[0], ("class", "money".to_owned()));
/// ```
#[must_use]
pub fn card(provider: &Provider) -> Vec<(&'static str, String)> {
    let rows = [about(provider), signing(provider), events(provider), delivery(provider)];
    let rows = rows.into_iter().flatten().chain(remarks(provider));
    let rows = rows.map(|(name, text)| (name, text.trim().to_owned()));
    rows.filter(|(_, text)| !text.is_empty()).collect()
}

type Rows = Vec<(&'static str, String)>;

fn about(provider: &Provider) -> Rows {
    let marks = provider.trust();
    let trust =
        format!("scheme {}, delivery facts {}", marks.scheme.as_str(), marks.delivery.as_str());
    let definition = Definition::of(provider);
    let mut rows = vec![
        ("class", provider.class().map(Class::as_str).unwrap_or_default().to_owned()),
        ("weakness", provider.weakness().map(Weakness::as_str).unwrap_or_default().to_owned()),
        ("trust", trust),
    ];
    rows.extend(definition.weak.into_iter().map(|weak| ("weak", weak)));
    rows.extend(definition.set_up.into_iter().map(|step| ("set-up", step)));
    rows
}

fn signing(provider: &Provider) -> Rows {
    let definition = Definition::of(provider);
    let all = std::iter::once(provider.scheme()).chain(provider.alternatives());
    let encodings = definition.schemes().map(|scheme| scheme.encoding);
    let mut rows: Rows =
        all.zip(encodings).map(|(scheme, encoding)| ("scheme", signed(scheme, encoding))).collect();
    rows.push(("headers", definition.headers().join(", ")));
    rows.extend(provider.settings().map(|(name, one)| ("setting", setting(name, one))));
    let secret = provider.secret_notes().clone();
    rows.extend([
        ("secret", secret.format.unwrap_or_default()),
        ("rotation", provider.delivery().rotation.clone().unwrap_or_default()),
    ]);
    rows
}

fn events(provider: &Provider) -> Rows {
    let definition = Definition::of(provider);
    let controls = provider.controls().iter().map(|control| {
        let notes = control.notes().map(|notes| format!(": {}", notes.trim())).unwrap_or_default();
        ("control", format!("{}{notes}", control.event_type()))
    });
    let mut rows = vec![
        ("event id", event_id(provider, &definition)),
        ("event type", event_type(provider, &definition)),
        ("methods", provider.methods().join(", ")),
        ("body", definition.body),
    ];
    rows.extend(controls);
    rows.push(("items", definition.items.iter().map(items).collect::<Vec<_>>().join("\n")));
    rows
}

fn delivery(provider: &Provider) -> Rows {
    let delivery = provider.delivery().clone();
    let limit = delivery.answer_within_ms.map_or_else(|| "unknown".to_owned(), seconds);
    let mut rows = vec![
        ("time limit", limit),
        ("success", delivery.success.unwrap_or_default()),
        ("retries", delivery.retries.unwrap_or_default()),
        ("window", Definition::of(provider).window.unwrap_or_default()),
        ("reconcile", delivery.reconcile.unwrap_or_default()),
    ];
    rows.extend(provider.handshakes().iter().map(|one| ("handshake", handshake(one))));
    rows
}

fn remarks(provider: &Provider) -> Rows {
    let mut rows = vec![("notes", provider.notes().unwrap_or_default().to_owned())];
    let sources = provider.sources().iter();
    rows.extend(sources.map(|one| ("source", format!("{} (read {})", one.what, one.read))));
    rows
}

fn signed(scheme: &Scheme, encoding: Option<&str>) -> String {
    let mut text = scheme.name().to_owned();
    if let Some(message) = scheme.message() {
        text.extend([" over ", message]);
    }
    if let Some(encoding) = encoding {
        text.extend([", in ", encoding]);
    }
    if let Some(tolerance) = scheme.tolerance_seconds() {
        text.extend(["; at most ", &*tolerance.to_string(), " s old"]);
    }
    match scheme.alternative() {
        Some(name) => format!("{text} (alternative: {name})"),
        None => text,
    }
}

fn setting(name: &str, setting: &Setting) -> String {
    let aside = match &setting.value {
        Some(value) => format!(" (default: {value})"),
        None if setting.optional => " (optional)".to_owned(),
        None => String::new(),
    };
    format!("{name}: {}{aside}", setting.description)
}

fn event_id(provider: &Provider, definition: &Definition) -> String {
    let stable = match provider.event_id_stable_on_retry() {
        Some(true) => "; a retry has the same",
        Some(false) => "; a retry has another",
        None => "",
    };
    if definition.event_id.is_empty() {
        return String::new();
    }
    format!("{}{stable}", definition.event_id.join(", "))
}

fn event_type(provider: &Provider, definition: &Definition) -> String {
    let is_signed = provider.event_type().is_none_or(Selector::is_covered);
    let unsigned = if is_signed { "" } else { "; not signed" };
    format!("{}{unsigned}", definition.event_type.join(", "))
}

fn items(items: &Items) -> String {
    let form = items.form.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let named = [("id", &items.id), ("type", &items.event_type)].into_iter();
    let named = named.filter(|(_, places)| !places.is_empty());
    let named = named.map(|(name, places)| format!("; {name}: {}", places.join(", ")));
    format!("{form}{}{}", items.at, named.collect::<String>())
}

fn handshake(handshake: &Handshake) -> String {
    let notes = handshake.notes().map(|notes| format!("\n{}", notes.trim())).unwrap_or_default();
    format!("{}: {handshake}{notes}", handshake.kind())
}

fn seconds(milliseconds: u64) -> String {
    format!("{} s", Duration::from_millis(milliseconds).as_secs_f64())
}
