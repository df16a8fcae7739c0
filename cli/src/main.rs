//! `hookdock`, the tool for people.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hookdock_cli::{demo, dev, exit};
use tracing_subscriber::EnvFilter;

/// Receive webhooks and process them once.
#[derive(Parser)]
#[command(name = "hookdock", version, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send real webhooks through a local stack and show what becomes of each
    Demo(demo::Arguments),
    /// Serve your endpoints on this machine: the whole loop, no account needed
    Dev(dev::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Demo(arguments) => {
            log("off");
            demo::run(arguments).await
        }
        Command::Dev(arguments) => {
            log("info");
            dev::run(arguments).await
        }
    };
    result.unwrap_or_else(|error| exit::failed(&error))
}

/// Logs go to standard error; `RUST_LOG` overrides what is logged.
fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .compact()
        .init();
}
