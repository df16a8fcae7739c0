//! What follows from a definition for the person who sets an endpoint up.

use crate::{Provider, Scheme, Trust, Weakness};

/// The steps, as far as the definition knows them.
pub(super) fn set_up(provider: &Provider) -> Vec<String> {
    let name = provider.name();
    let mut steps = vec![format!("At {name}, enter the URL of the endpoint.")];
    let mut kinds = provider.handshakes().iter().map(crate::Handshake::kind);
    let hands_over = kinds.clone().any(|kind| kind == "capture-secret");
    match &provider.secret_notes().found {
        Some(found) => steps.push(format!("The secret: {}", sentence(found))),
        None if hands_over => {}
        None => steps.push(format!("The secret: where {name} shows it is not known here.")),
    }
    steps.extend(provider.settings().map(|(setting, about)| {
        let need = match (&about.value, about.optional) {
            (Some(value), _) => format!(" (it is {value} unless you say otherwise)"),
            (None, true) => " (optional)".to_owned(),
            (None, false) => String::new(),
        };
        format!("Setting `{setting}`{need}: {}", sentence(&about.description))
    }));
    if hands_over {
        steps.push(format!(
            "Set `capture = true`: {name} hands the secret over itself, and the first one counts."
        ));
    }
    if kinds.any(|kind| kind != "capture-secret") {
        steps.push(format!(
            "{name} asks the URL a question, so the endpoint has to be there before; Hookdock answers \
             it."
        ));
    }
    if provider.signs_url() {
        steps.push(
            "The URL is signed: behind a proxy or a CDN, state it with `public_url`.".to_owned(),
        );
    }
    steps
}

/// Where a body's values are read, and its encodings.
pub(super) fn body(provider: &Provider) -> String {
    let texts = [provider.event_id(), provider.event_type()].into_iter().flatten();
    let mut texts: Vec<String> = texts.flat_map(crate::Selector::texts).collect();
    texts.extend(provider.scheme().message().map(str::to_owned));
    let reads = |place: &str| texts.iter().any(|text| text.contains(place));
    let form_of_items = provider.items().and_then(crate::Items::form);
    let form = match form_of_items {
        Some(field) => format!("a form with JSON in its field `{field}`"),
        None if reads("form:") || reads("{sorted_form}") => "a form".to_owned(),
        None if reads("json:") || provider.items().is_some() => "JSON".to_owned(),
        None => "any".to_owned(),
    };
    format!("{form}; gzip and deflate are read too, if Content-Encoding says so")
}

/// The window, and whether the last retry lies in it.
pub(super) fn window(provider: &Provider) -> Option<String> {
    let own = provider.window_seconds()?;
    let renewed: Vec<_> = checked(provider).map(Scheme::time_is_renewed_on_retry).collect();
    let widened = provider.clone().with_windows_for_retries().window_seconds().unwrap_or(own);
    let retries = if widened > own {
        format!(
            "a retry states the time of the first try, so an endpoint allows {widened} s, which the \
             last retry needs"
        )
    } else if provider.delivery().retried_for_seconds.is_some() && renewed.contains(&Some(false)) {
        "a retry states the time of the first try, and the last one lies in it".to_owned()
    } else if renewed.iter().all(|one| *one == Some(true)) {
        "each retry states a time of its own, so a late one is not refused".to_owned()
    } else if renewed.contains(&Some(false)) {
        "a retry states the time of the first try, and how long retries go on is not known: one that \
         comes later is refused, unless `window_seconds` allows it"
            .to_owned()
    } else {
        "whether a retry states a time of its own is not known: if late ones are refused as stale, \
         `window_seconds` allows them"
            .to_owned()
    };
    Some(format!("{own} s; {retries}"))
}

fn checked(provider: &Provider) -> impl Iterator<Item = &Scheme> {
    provider.schemes().filter(|scheme| scheme.tolerance_seconds().is_some())
}

/// What is not proven, the worst first.
pub(super) fn weak(provider: &Provider) -> Vec<String> {
    let mut weak = Vec::new();
    weak.extend(provider.weakness().map(|weakness| {
        match weakness {
            Weakness::UnsignedBody => {
                "the body is not signed: who has seen one request can send any body"
            }
            Weakness::Checksum => {
                "only a checksum of the body is signed: who has seen one request can send another \
                 body with the same"
            }
            Weakness::PartsOfBody => {
                "only parts of the body are signed: who has seen one request can change the rest"
            }
        }
        .to_owned()
    }));
    if provider.schemes().any(|scheme| scheme.tolerance_seconds().is_none()) {
        weak.push(
            "no age is checked: a captured request stays valid, and counts as a duplicate for 30 days"
                .to_owned(),
        );
    }
    let unsigned = |selector: &&crate::Selector| !selector.is_covered();
    if provider.event_id().filter(unsigned).is_some() {
        weak.push(
            "the event's id is not signed, so the digest of the body is added to it".to_owned(),
        );
    }
    if provider.event_type().filter(unsigned).is_some() {
        weak.push("the event's type is not signed, so it is what the sender writes".to_owned());
    }
    if provider.trust().scheme == Trust::Unconfirmed {
        weak.push("nobody has checked this definition".to_owned());
    }
    weak
}

/// With a full stop.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
