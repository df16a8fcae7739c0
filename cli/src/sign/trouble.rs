//! Why a request could not be signed, and what to do about it.

use anyhow::anyhow;
use hookdock_signature::{
    EpochMillis, Headers, Provider, Rejection, Request, Secret, SignError, verify,
};

use crate::input;

/// What, why, and the next step.
pub(crate) fn explained(provider: &Provider, error: &SignError) -> anyhow::Error {
    let name = provider.name();
    let next = match error {
        SignError::NotShared { scheme } => not_shared(provider, scheme),
        SignError::NotInHeader => format!(
            "{name} puts its signature into the URL or the body, where `hookdock sign` cannot; \
             save a delivery from {name} and check it with `hookdock verify`"
        ),
        SignError::Time => "give a time in seconds since 1970 with --at".to_owned(),
        SignError::Draft(rejection) => draft(provider, rejection),
        _ => format!("`hookdock providers {}` says how it signs", provider.id()),
    };
    anyhow!("failed to sign for {}: {error}; {next}", provider.id())
}

fn not_shared(provider: &Provider, scheme: &str) -> String {
    let (id, name) = (provider.id(), provider.name());
    match scheme {
        "none" => format!("{name} does not sign; `hookdock providers {id}` says what it does"),
        "jwt" | "code" => format!(
            "`hookdock sign` does not write what {name} signs; send a test delivery from {name}, \
             or save one and check it with `hookdock verify`"
        ),
        _ if is_verifiable(provider) => format!(
            "only {name} has the key that signs; --private-key FILE signs with a key of your own, \
             and makes one if there is no such file"
        ),
        _ => format!(
            "only {name} has the key that signs, and this build cannot verify it either; \
             `hookdock providers {id}` says how it signs"
        ),
    }
}

/// Whether this build knows the scheme: an empty request is refused for what it lacks.
fn is_verifiable(provider: &Provider) -> bool {
    let request = Request { method: "POST", url: "", headers: &Headers::default(), body: b"" };
    let Ok(secret) = Secret::new("probe", "probe") else { return false };
    let refused = verify(provider, &[secret], &request, EpochMillis::new(0));
    !matches!(refused, Err(Rejection::Unsupported { .. }))
}

fn draft(provider: &Provider, rejection: &Rejection) -> String {
    let id = provider.id();
    match rejection {
        Rejection::MissingHeader { name } | Rejection::MalformedHeader { name } => {
            format!("it is part of what is signed: add --header '{name}: VALUE'")
        }
        Rejection::RepeatedHeader { name } => format!("give --header '{name}: ...' once"),
        Rejection::MissingField { .. }
        | Rejection::RepeatedField { .. }
        | Rejection::MalformedField { .. }
        | Rejection::BodyNotJson => {
            "it is part of what is signed: give a --body that has it".to_owned()
        }
        Rejection::MissingSetting { name } => input::missing_setting(provider, name),
        Rejection::MalformedSecret { .. } => match &provider.secret_notes().format {
            Some(format) => format!("the provider's secrets are: {format}"),
            None => format!("`hookdock providers {id}` says what a secret looks like"),
        },
        _ => format!("`hookdock providers {id}` says how it signs"),
    }
}
