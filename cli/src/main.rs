//! `hookdock`, the tool for people.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use hookdock_cli::{cost, demo, dev, exit, operate, providers, reference, sign, trigger, verify};
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
    /// Print what a shell needs to complete commands and options
    Completion(reference::Completion),
    /// Estimate what a month on AWS costs, line by line, from list prices
    Cost(cost::Arguments),
    /// Send signed webhooks through a local stack and show the outcome of each
    Demo(demo::Arguments),
    /// Serve your endpoints and run your jobs on this machine; no account needed
    Dev(dev::Arguments),
    /// Write a man page for each command into a folder
    Man(reference::Man),
    #[command(flatten)]
    Operate(Box<operate::Command>),
    /// List, search and describe the providers whose webhooks can be verified
    Providers(providers::Arguments),
    /// Sign a request as a provider would; print the headers or a curl command
    Sign(sign::Arguments),
    /// Send a sample of a provider, signed, to the `hookdock dev` that runs here, or elsewhere
    Trigger(Box<trigger::Arguments>),
    /// Check the signature of a saved request, and explain why it is not valid
    Verify(verify::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Completion(arguments) => arguments.run(Arguments::command()),
        Command::Cost(arguments) => cost::run(&arguments),
        Command::Demo(arguments) => {
            log("off");
            demo::run(arguments).await
        }
        Command::Dev(arguments) => {
            match arguments.is_verbose() {
                true => log("info"),
                false => arguments.tell(),
            }
            dev::run(arguments).await
        }
        Command::Man(arguments) => arguments.run(Arguments::command()),
        Command::Operate(command) => {
            log("warn");
            Box::pin(operate::run(*command)).await
        }
        Command::Providers(arguments) => providers::run(&arguments),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Trigger(arguments) => {
            log("warn");
            operate::refusals(Box::pin(trigger::run(*arguments)).await)
        }
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
