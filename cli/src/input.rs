//! What the arguments of several commands name: a provider, its settings, secrets, other files.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use derive_more::Debug;
use hookdock_signature::{EpochMillis, Provider, Secret, Trust, catalog};
use http::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::output;

/// A provider of the catalogue, with the values that differ between accounts.
pub(crate) fn provider(id: &str, settings: &[String]) -> anyhow::Result<Provider> {
    let Some(provider) = catalog::find(id) else {
        bail!("provider {id:?} is not in the catalogue; {}", next_step(id));
    };
    warn_if_unconfirmed(&provider);
    configure(provider, settings)
}

/// The provider with these settings, each `NAME=VALUE`.
fn configure(provider: Provider, settings: &[String]) -> anyhow::Result<Provider> {
    settings.iter().try_fold(provider, |provider, setting| configured(provider, setting))
}

fn configured(provider: Provider, setting: &str) -> anyhow::Result<Provider> {
    let (name, value) = setting
        .split_once('=')
        .with_context(|| format!("--setting {setting:?} is not of the form NAME=VALUE"))?;
    let known: Vec<_> = provider.settings().map(|(name, _)| name.to_owned()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let id = provider.id().to_owned();
    let configured = provider.configure(name, value);
    configured.with_context(|| format!("the settings of {id} are: {known}"))
}

/// What to do about a setting that is missing.
pub(crate) fn missing_setting(provider: &Provider, name: &str) -> String {
    let known = provider.settings().find(|(known, _)| *known == name);
    let description = known.map(|(_, setting)| format!(" ({})", setting.description));
    format!("add --setting {name}=VALUE{}", description.unwrap_or_default())
}

/// What to try instead of an id that is not in the catalogue.
pub(crate) fn next_step(id: &str) -> String {
    let list = "`hookdock providers` lists all of them".to_owned();
    did_you_mean(id).map(|question| format!("{question} {list}")).unwrap_or(list)
}

/// A question with the ids that may be meant: those with the text in them, and those that differ
/// by a few letters. Nothing for an id of the catalogue.
pub(crate) fn did_you_mean(id: &str) -> Option<String> {
    let id = id.to_lowercase();
    let distance = |known: &&str| strsim::osa_distance(&id, known);
    let is_near = |known: &&str| {
        distance(known) <= id.len() / 3
            || (id.len() >= 3 && known.contains(&*id))
            || (known.len() > 3 && id.contains(known))
    };
    let mut found: Vec<&str> = catalog::ids().filter(is_near).collect();
    found.sort_by_key(distance);
    found.truncate(3);
    let is_known = found.first() == Some(&&*id);
    (!is_known && !found.is_empty()).then(|| format!("did you mean {}?", found.join(" or ")))
}

fn warn_if_unconfirmed(provider: &Provider) {
    if provider.trust().scheme == Trust::Unconfirmed {
        output::eprintln(&format!(
            "hookdock: nobody has checked the definition of {} (unconfirmed); \
             try it with a delivery from the provider before you rely on it",
            provider.id()
        ));
    }
}

/// A secret as it is in its file, named by the file's path. The value is never printed.
#[derive(Debug)]
#[debug("SecretFile({path})")]
pub(crate) struct SecretFile {
    path: String,
    text: Zeroizing<String>,
}

impl SecretFile {
    /// Reads a secret. The blanks and line ends around it are not part of it.
    pub(crate) fn read(path: &Path, provider: &Provider) -> anyhow::Result<Self> {
        let next = "the secret is read from a file: put it in";
        let read = bytes(path).map_err(|error| {
            advised(error, &format!("{next} {}{}", path.display(), found(provider)))
        });
        let bytes = Zeroizing::new(read?);
        let text = std::str::from_utf8(&bytes).ok().map(str::trim).with_context(|| {
            format!(
                "{} is not text; the file holds the secret as {} shows it",
                path.display(),
                provider.name()
            )
        })?;
        if text.is_empty() {
            bail!("{} is empty; put the secret in it{}", path.display(), found(provider));
        }
        Ok(Self { path: path.display().to_string(), text: Zeroizing::new(text.to_owned()) })
    }

    /// A secret that an endpoint has, under its name there.
    pub(crate) fn of(secret: &Secret) -> Self {
        Self { path: secret.id().to_owned(), text: Zeroizing::new(secret.expose().to_owned()) }
    }

    /// The path, which names the secret.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The value.
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }

    /// The form that verifies.
    pub(crate) fn secret(&self) -> anyhow::Result<Secret> {
        Ok(Secret::new(&*self.path, &**self.text)?)
    }
}

fn found(provider: &Provider) -> String {
    match &provider.secret_notes().found {
        Some(found) => format!(" ({found})"),
        None => String::new(),
    }
}

/// A header that can be sent.
pub(crate) fn header(name: &str, value: &str) -> anyhow::Result<(String, String)> {
    HeaderName::try_from(name).with_context(|| format!("{name:?} cannot be a header's name"))?;
    HeaderValue::try_from(value)
        .with_context(|| format!("header {name} has a value that no request can carry"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// An error, and after it what to do next.
pub(crate) fn advised(error: impl Into<anyhow::Error>, next: &str) -> anyhow::Error {
    anyhow!("{:#}; {next}", error.into())
}

/// A file's content; `-` is standard input.
pub(crate) fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("failed to read standard input")?;
        return Ok(bytes);
    }
    std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))
}

/// A time as everybody reads it, in UTC.
pub(crate) fn rfc3339(at: EpochMillis) -> String {
    match jiff::Timestamp::from_millisecond(at.get()) {
        Ok(time) => time.to_string(),
        Err(_) => "a time that no calendar has".to_owned(),
    }
}
