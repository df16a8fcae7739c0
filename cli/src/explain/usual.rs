//! The usual cause of a refusal: the provider's own, else that of the reason.

use hookdock_signature::Provider;

/// The usual cause when this provider's requests are refused for this reason.
pub(crate) fn cause(provider: &Provider, reason: &str) -> String {
    let own = provider.delivery().usual_causes.get(reason).cloned();
    own.unwrap_or_else(|| general(provider, reason))
}

fn general(provider: &Provider, reason: &str) -> String {
    let name = provider.name();
    match reason {
        "mismatch" if provider.scheme().signs_url() => format!(
            "the URL: {name} signs it as it is configured there, and a proxy shows the process \
             another; or the secret of another endpoint"
        ),
        "mismatch" => format!("the secret of another endpoint or environment{}", found(provider)),
        "malformed_secret" => {
            format!("a secret that was cut off or changed when it was copied{}", found(provider))
        }
        "missing_field" => format!(
            "the body was changed before it was saved, the request is of another kind than the \
             signed ones, or it is not {name}'s"
        ),
        "missing_header" => format!(
            "no secret is set at {name}, a proxy drops the header, or the request is not {name}'s"
        ),
        "repeated_header" | "repeated_field" => {
            "a proxy or the tool that saved the request wrote the header twice".to_owned()
        }
        "malformed_header" | "malformed_field" | "unknown_version" => {
            "the value was cut off or changed when it was copied, or is of a version that is not \
             accepted"
                .to_owned()
        }
        "stale" => "the request is an old one, sent again or held up on its way: for a saved \
             request, give the time it came in at with --now; else this machine's clock is fast"
            .to_owned(),
        "from_the_future" => "this machine's clock is slow, or --now is too early; or the time is \
             in another unit"
            .to_owned(),
        "malformed_timestamp" => {
            "the time was changed when it was copied, or is in another unit".to_owned()
        }
        "body_not_json" => {
            "the body was decoded, encoded or cut off on its way, or the webhook sends forms"
                .to_owned()
        }
        _ => format!("`hookdock providers {}` says how {name} signs", provider.id()),
    }
}

fn found(provider: &Provider) -> String {
    match &provider.secret_notes().found {
        Some(found) => format!("; the right one is found at: {found}"),
        None => String::new(),
    }
}
