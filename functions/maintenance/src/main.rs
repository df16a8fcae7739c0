//! Wires the maintenance function: logs, configuration and clients, then one tick after the other.

use std::process::ExitCode;

use hookdock_aws::config::LedgerConfig;
use hookdock_aws::{Connection, log};
use hookdock_maintenance::handle;
use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::start();
    match LedgerConfig::from_env() {
        Ok(config) => serve(&config).await,
        Err(problems) => {
            problems.log();
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: &LedgerConfig) -> ExitCode {
    let maintenance = hookdock_aws::maintenance(&Connection::default(), config).await;
    let ticks = service_fn(|event: LambdaEvent<_>| handle(&maintenance, event));
    match lambda_runtime::run(ticks).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the Lambda runtime ended");
            ExitCode::FAILURE
        }
    }
}
