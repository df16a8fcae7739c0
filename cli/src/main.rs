//! `hookdock`, the tool for people.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hookdock_cli::{cost, demo, dev, exit, inspect, providers, sign, verify};
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
    /// Reckon what a month on AWS costs, by line, from list prices
    Cost(cost::Arguments),
    /// Send real webhooks through a local stack and show what becomes of each
    Demo(demo::Arguments),
    /// Serve your endpoints on this machine: the whole loop, no account needed
    Dev(dev::Arguments),
    /// Show what became of an event: received, verified, stored, each attempt, each step, what next
    Inspect(inspect::Arguments),
    /// List, search and describe the providers whose webhooks can be verified
    Providers(providers::Arguments),
    /// Sign a request as a provider would: the headers, or a curl line
    Sign(sign::Arguments),
    /// Check a saved request, and explain why it does not verify
    Verify(verify::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Cost(arguments) => cost::run(&arguments),
        Command::Demo(arguments) => {
            log("off");
            demo::run(arguments).await
        }
        Command::Dev(arguments) => {
            log("info");
            dev::run(arguments).await
        }
        Command::Inspect(arguments) => {
            log("warn");
            inspect::run(arguments).await
        }
        Command::Providers(arguments) => providers::run(&arguments),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
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
