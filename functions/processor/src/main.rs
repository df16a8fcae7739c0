//! Wires the processor function: logs, configuration, clients and jobs, then one batch after the
//! other.

use std::process::ExitCode;

use hookdock_aws::config::ProcessorConfig;
use hookdock_aws::{Connection, log};
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
    let jobs = hookdock_jobs::registry();
    let process = hookdock_aws::process(&Connection::default(), config, jobs).await;
    match lambda_runtime::run(service_fn(|event: LambdaEvent<_>| handle(&process, event))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the Lambda runtime ended");
            ExitCode::FAILURE
        }
    }
}
