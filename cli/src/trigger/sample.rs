//! Samples of what providers send: files of `shared/signature/samples`, built into the tool.
//!
//! A sample is a request without its signature. Its slots are filled when it is sent: `{{id}}` with
//! the event's id, `{{number}}` with a number that follows from it, `{{now}}`, `{{now-ms}}` and
//! `{{now-rfc3339}}` with the time of the event, `{{sent-ms}}` with that of the request.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use hookdock_signature::catalog;
use include_dir::{Dir, DirEntry, File, include_dir};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::input;

static SAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../shared/signature/samples");

/// The same folder, for tests.
#[cfg(test)]
pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/signature/samples");

/// What a provider sends when something happens. Its file also says where its form is from, and
/// which type the catalogue finds in it; both are for readers and for a test.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Sample {
    /// What happened, in words.
    pub(crate) says: String,
    /// What a new id begins with.
    #[serde(default)]
    pub(crate) id_prefix: String,
    /// The headers that matter, without the signature's.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The body, in JSON.
    pub(crate) body: Box<RawValue>,
}

/// A sample, and its name.
pub(crate) type Named = (String, Sample);

/// The providers that have samples.
pub(crate) fn providers() -> impl Iterator<Item = &'static str> {
    SAMPLES.dirs().filter_map(|folder| folder.path().to_str())
}

/// The samples of a provider, by their names.
pub(crate) fn of(provider: &str) -> anyhow::Result<Vec<Named>> {
    let Some(folder) = SAMPLES.get_dir(provider) else {
        let next = match catalog::find(provider) {
            Some(_) => "it has no samples; --body FILE sends what you have".to_owned(),
            None => format!("it is not in the catalogue; {}", input::next_step(provider)),
        };
        bail!("provider {provider:?}: {next}");
    };
    files(folder).map(|file| Ok((name(provider, file), read(file)?))).collect()
}

/// The sample of that name.
pub(crate) fn find(provider: &str, event: &str) -> anyhow::Result<Sample> {
    let samples = of(provider)?;
    let names: Vec<&str> = samples.iter().map(|(name, _)| &**name).collect();
    let missing = || format!("{provider} has no sample {event:?}, but: {}", names.join(", "));
    let found = samples.iter().find(|(name, _)| name == event);
    found.map(|(_, sample)| sample.clone()).with_context(missing)
}

/// An event's name can have slashes, so its file may be in a folder.
fn files<'a>(folder: &'a Dir<'a>) -> Box<dyn Iterator<Item = &'a File<'a>> + 'a> {
    Box::new(folder.entries().iter().flat_map(|entry| match entry {
        DirEntry::Dir(folder) => files(folder),
        DirEntry::File(file) => Box::new(std::iter::once(file)),
    }))
}

fn name(provider: &str, file: &File<'_>) -> String {
    let path = file.path().with_extension("");
    let path = path.strip_prefix(provider).unwrap_or(&path);
    path.to_string_lossy().into_owned()
}

fn read(file: &File<'_>) -> anyhow::Result<Sample> {
    let read = serde_json::from_slice(file.contents());
    read.with_context(|| format!("the sample {} is not right", file.path().display()))
}
