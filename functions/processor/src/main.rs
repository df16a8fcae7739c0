//! Wires the processor function: logs, configuration, clients and jobs, then one batch after the
//! other.

use std::error::Error;
use std::process::ExitCode;

use hookdock_aws::config::ProcessorConfig;
use hookdock_aws::{Connection, log};
use hookdock_jobs::Settings;
use hookdock_pipeline::job::Registry;
use hookdock_pipeline::model::port_error::chain;
use hookdock_processor::handle;
use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::start();
    match ProcessorConfig::from_env() {
        Ok(config) => serve(&config).await,
        Err(problems) => {
            problems.log();
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: &ProcessorConfig) -> ExitCode {
    let connection = Connection::default();
    let jobs = match jobs(&connection, config).await {
        Ok(jobs) => jobs,
        Err(error) => {
            tracing::error!(error = chain(error.as_ref()), "the function cannot start");
            return ExitCode::FAILURE;
        }
    };
    let process = hookdock_aws::process(&connection, config, jobs).await;
    match lambda_runtime::run(service_fn(|event: LambdaEvent<_>| handle(&process, event))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the Lambda runtime ended");
            ExitCode::FAILURE
        }
    }
}

/// The jobs that are on: without a secret, those that need no settings.
async fn jobs(
    connection: &Connection,
    config: &ProcessorConfig,
) -> Result<Registry, Box<dyn Error>> {
    let settings = match hookdock_aws::job_settings(connection, &config.jobs).await? {
        Some(json) => Settings::from_json(&json)?,
        None => Settings::default(),
    };
    let registry = hookdock_jobs::registry(settings);
    for job in registry.of_unknown_providers() {
        let wants = job.source();
        tracing::warn!(run.job = %job.name(), wants, "the job never runs: no such provider");
    }
    Ok(registry)
}
