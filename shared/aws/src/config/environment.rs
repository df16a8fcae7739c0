//! The variables of the process.

use tracing_subscriber::filter::LevelFilter;

/// From which level on log lines are written. Lambda also knows FATAL; nothing here is graver
/// than an error. What is not a level is the default: a typing error must not stop a function.
pub(crate) fn log_level(variable: impl Fn(&str) -> Option<String>) -> LevelFilter {
    match variable("AWS_LAMBDA_LOG_LEVEL").unwrap_or_default().to_ascii_uppercase().as_str() {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" => LevelFilter::DEBUG,
        "WARN" => LevelFilter::WARN,
        "ERROR" | "FATAL" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

/// A variable of the process.
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
    std::env::var(name).ok()
}
