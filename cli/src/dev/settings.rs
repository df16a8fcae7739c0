//! The files that `hookdock dev` reads, checked before anything is served.

use std::path::Path;

use anyhow::Context as _;
use hookdock_embedded::{EndpointFile, EndpointFileError, from_toml};
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::job::{Job, Registry};
use hookdock_pipeline::model::names::JobName;

use crate::input;

/// The endpoints of a file.
pub(crate) fn endpoints(file: &Path) -> anyhow::Result<EndpointFile> {
    let read = EndpointFile::read(file).map_err(|error| {
        let next = "`hookdock dev --help` shows a small file, and infra/endpoints.example.toml \
            every setting";
        input::advised(with_suggestions(error, file), next)
    });
    let endpoints = read.context("the endpoints cannot be used")?;
    check_secrets(&endpoints)?;
    Ok(endpoints)
}

/// With one of them, deliveries would be refused later, and nobody would know why.
fn check_secrets(endpoints: &EndpointFile) -> anyhow::Result<()> {
    let unusable = endpoints.iter().flat_map(|endpoint| {
        let problems = endpoint.unusable_secrets().iter();
        problems.map(|problem| format!("endpoint {}: {problem}", endpoint.id()))
    });
    let unusable: Vec<String> = unusable.collect();
    anyhow::ensure!(unusable.is_empty(), "{}", unusable.join("\n"));
    Ok(())
}

/// The jobs that no endpoint of the file has events for, and the endpoints that have no job, one
/// line each.
pub(crate) fn unmatched(endpoints: &EndpointFile, registry: &Registry) -> Vec<String> {
    let all: Vec<&Endpoint> = endpoints.iter().collect();
    let unknown: Vec<&JobName> = registry.of_unknown_providers().map(Job::name).collect();
    let idle = registry.idle(&all).map(|job| {
        let (name, wants) = (job.name(), job.source());
        let why = match unknown.contains(&name) {
            true => "is not in the catalogue",
            false => "has no endpoint in the file",
        };
        let meant = wants.strip_prefix("provider ").filter(|_| unknown.contains(&name));
        let meant = meant.and_then(input::did_you_mean).map(|question| format!("; {question}"));
        format!("  job {name} does not run: {wants} {why}{}", meant.unwrap_or_default())
    });
    let without_job = all.iter().filter(|endpoint| {
        endpoint.direct().is_none() && registry.registered_at(endpoint).next().is_none()
    });
    let without_job = without_job.map(|endpoint| {
        format!(
            "  no job runs for endpoint {}: its events are stored, and that is all",
            endpoint.id()
        )
    });
    without_job.chain(idle).collect()
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
    let registry = hookdock_jobs::registry(jobs(settings)?);
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

fn jobs(file: Option<&Path>) -> anyhow::Result<hookdock_jobs::Settings> {
    let Some(file) = file else {
        return Ok(hookdock_jobs::Settings::default());
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("failed to read {}", file.display()))?;
    from_toml(&text).map_err(|misfit| {
        let place = format!("{} is not right", file.display());
        let next = "infra/jobs.example.toml shows every setting";
        input::advised(anyhow::Error::new(misfit).context(place), next)
    })
}
