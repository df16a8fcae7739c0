//! Wires the ingest function: logs, configuration, clients, then one event after the other.

use std::process::ExitCode;
use std::sync::Arc;

use hookdock_aws::config::IngestConfig;
use hookdock_aws::{SystemClock, log};
use hookdock_https::{Client, HttpsProviders, Limits, Reach, Trust};
use hookdock_ingest::handle;
use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::start();
    match IngestConfig::from_env() {
        Ok(config) => serve(&config).await,
        Err(problems) => {
            problems.log();
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: &IngestConfig) -> ExitCode {
    let providers = Arc::new(HttpsProviders::new(SystemClock));
    let web = Client::new(Limits::OF_DIRECT_WORK, Reach::Public, Trust::platform());
    let ingest = hookdock_aws::ingest(config, providers, Arc::new(web)).await;
    match lambda_runtime::run(service_fn(|event: LambdaEvent<_>| handle(&ingest, event))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the Lambda runtime ended");
            ExitCode::FAILURE
        }
    }
}
