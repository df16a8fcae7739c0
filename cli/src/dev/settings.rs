//! The files that `hookdock dev` reads, checked before anything is served.

use std::path::Path;

use anyhow::Context as _;
use hookdock_embedded::{EndpointFile, EndpointFileError};
use hookdock_pipeline::job::Registry;

use crate::input;

/// The endpoints of a file.
pub(crate) fn endpoints(file: &Path) -> anyhow::Result<EndpointFile> {
    let read = EndpointFile::read(file).map_err(|error| {
        let next = "`hookdock dev --help` shows a small file, and infra/endpoints.example.toml \
            every setting";
        input::advised(with_suggestions(error, file), next)
    });
    read.context("the endpoints cannot be used")
}

/// The error, with the ids that may be meant by those that are not in the catalogue.
fn with_suggestions(mut error: EndpointFileError, file: &Path) -> EndpointFileError {
    let EndpointFileError::Endpoints(endpoints) = &mut error else { return error };
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let file: toml::Table = toml::from_str(&text).unwrap_or_default();
    for endpoint in endpoints {
        let written = file.get("endpoints").and_then(|all| all.get(endpoint.endpoint.as_str()));
        let provider = written.and_then(|written| written.get("provider")?.as_str());
        endpoint.problems.extend(provider.and_then(input::did_you_mean));
    }
    error
}

/// The jobs, with the settings of a file, or without any.
pub(crate) fn registry(
    settings: Option<&Path>,
    endpoints: &EndpointFile,
) -> anyhow::Result<Registry> {
    let registry = hookdock_jobs::registry_with(jobs(settings)?);
    check_direct(endpoints, &registry)?;
    Ok(registry)
}

/// The processor never sees the events of a direct endpoint, so a job for them would never run.
fn check_direct(endpoints: &EndpointFile, registry: &Registry) -> anyhow::Result<()> {
    let direct = endpoints.iter().filter(|endpoint| endpoint.direct().is_some());
    let idle = direct.flat_map(|endpoint| {
        registry.registered_at(endpoint).map(|job| {
            let (job, endpoint) = (job.name(), endpoint.id());
            format!("endpoint {endpoint} is direct, and job {job} would never run for it")
        })
    });
    let idle: Vec<String> = idle.collect();
    anyhow::ensure!(idle.is_empty(), "{}", idle.join("\n"));
    Ok(())
}

/// What the parser says of a value is left out: it can quote a secret.
fn jobs(file: Option<&Path>) -> anyhow::Result<hookdock_jobs::Settings> {
    let Some(file) = file else {
        return Ok(hookdock_jobs::Settings::default());
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("failed to read {}", file.display()))?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count().saturating_add(1);
        anyhow::anyhow!(
            "line {line} of {} is not right; infra/jobs.example.toml shows every setting",
            file.display()
        )
    })
}
