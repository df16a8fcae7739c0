//! What it usually is: by provider and reason, else by reason.

use hookdock_signature::Provider;

/// Providers whose refusals have a cause of their own. The first entry that fits is taken.
const OF_PROVIDERS: &[(&str, &str, &str)] = &[
    (
        "stripe",
        "mismatch",
        "the secret of another endpoint: each endpoint in the dashboard has its own, test and live \
         mode differ, and `stripe listen` prints one of its own",
    ),
    (
        "github",
        "mismatch",
        "the secret differs from the one typed in at GitHub (Settings > Webhooks > Secret), which \
         GitHub never shows again; or the body was parsed before it was verified",
    ),
    ("github", "missing_header", "no secret is set at GitHub: without one it sends no signature"),
    (
        "shopify",
        "mismatch",
        "the wrong one of two secrets: webhooks made in a store's admin are signed with the secret \
         shown there, those of an app with the app's client secret",
    ),
    (
        "standard-webhooks",
        "mismatch",
        "the secret of another endpoint, or one that was rotated; each endpoint has its own",
    ),
    (
        "standard-webhooks",
        "malformed_secret",
        "a secret that was cut off when it was copied: after whsec_ it is base64",
    ),
    (
        "svix",
        "mismatch",
        "the secret of another endpoint, or one that was rotated; each endpoint has its own",
    ),
    (
        "slack",
        "mismatch",
        "the verification token or the client secret was used: Slack signs with the signing \
         secret (Basic Information > App Credentials)",
    ),
    (
        "twilio",
        "mismatch",
        "the URL: Twilio signs it as it is configured there, with https and the whole query, and a \
         proxy shows the process another; or a secondary auth token",
    ),
    (
        "square",
        "mismatch",
        "the URL: it has to be the notification URL exactly as it is configured at Square",
    ),
    (
        "hubspot",
        "mismatch",
        "the URL: HubSpot signs it with https and the whole query, and a proxy shows the process \
         another",
    ),
];

/// The usual cause.
pub(crate) fn cause(provider: &Provider, reason: &str) -> String {
    let own = OF_PROVIDERS.iter().find(|(id, of, _)| *id == provider.id() && *of == reason);
    match own {
        Some((_, _, cause)) => (*cause).to_owned(),
        None => general(provider, reason),
    }
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
