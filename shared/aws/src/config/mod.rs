//! What the environment says. No other module reads it.
//!
//! | variable | ingest | processor | |
//! | --- | --- | --- | --- |
//! | `HOOKDOCK_STACK` | yes | | the beginning of the secrets' names |
//! | `HOOKDOCK_ENDPOINTS` | optional | | endpoints to read while starting, with commas between |
//! | `HOOKDOCK_BUCKET` | yes | yes | the bucket of the deliveries |
//! | `HOOKDOCK_QUEUE_URL` | yes | yes | the queue of the references |
//! | `HOOKDOCK_DLQ_URL` | | yes | the dead-letter queue |
//! | `HOOKDOCK_TABLE` | | yes | the ledger |
//! | `HOOKDOCK_RECORDS_TABLE` | | yes | what the jobs write |
//! | `HOOKDOCK_MAX_ATTEMPTS` | | optional | how often a job is tried |
//! | `HOOKDOCK_QUEUE_DAYS` | | optional | how many days the queue keeps a message |
//! | `HOOKDOCK_MAX_RECEIVES` | | optional | how often the queue hands a message out |
//! | `HOOKDOCK_CODE_VERSION` | | optional | what attempts are recorded to have been made by |
//! | `HOOKDOCK_JOBS_SECRET` | | optional | the secret with the jobs' settings |
//! | `HOOKDOCK_MAIL_FROM` | | optional | the address that jobs send e-mail from |
//! | `HOOKDOCK_MODEL` | | optional | the model, or inference profile, that jobs ask |
//! | `HOOKDOCK_MODEL_REGION` | | optional | its region, where it is not the function's own |
//! | `HOOKDOCK_TOPIC_ARN` | | optional | the topic that jobs publish to |
//! | `AWS_LAMBDA_LOG_LEVEL` | optional | optional | from which level on log lines are written |
//! | `AWS_REGION` | yes | | Lambda sets it, and the next three |
//! | `AWS_ACCESS_KEY_ID` | yes | | as whom AWS is called |
//! | `AWS_SECRET_ACCESS_KEY` | yes | | what requests are signed with |
//! | `AWS_SESSION_TOKEN` | optional | | what a role's requests are sent with |
//! | `AWS_ENDPOINT_URL` | optional | | an address for all services, such as that of a stand-in |
//! | `AWS_ENDPOINT_URL_S3` | optional | | one for S3 alone; likewise `_SQS` and `_SECRETS_MANAGER` |
//!
//! An empty variable is as good as none. In the processor, what begins with `AWS_` is the SDK's
//! to read, but for the log level.

use std::collections::BTreeSet;
use std::fmt;

use aws_credential_types::Credentials;
use hookdock_pipeline::model::names::{CodeVersion, EndpointId, InvalidName};
use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_pipeline::process::Settings;
use tracing_subscriber::filter::LevelFilter;

const SECRET_NAME_CHARACTERS: &str = "/_+=.@-";

/// What the ingest function needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestConfig {
    /// The beginning of the secrets' names.
    pub stack: String,
    /// Endpoints to read while starting.
    pub endpoints: BTreeSet<EndpointId>,
    /// The bucket of the deliveries.
    pub bucket: String,
    /// The queue of the references.
    pub queue_url: String,
    /// As whom AWS is called, and where it is.
    pub(crate) access: Access,
}

/// As whom AWS is called, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    /// Addresses other than AWS's own.
    pub(crate) s3: Option<String>,
    pub(crate) sqs: Option<String>,
    pub(crate) secrets: Option<String>,
}

/// What the processor needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessorConfig {
    /// The bucket of the deliveries.
    pub bucket: String,
    /// The queue of the references.
    pub queue_url: String,
    /// The dead-letter queue.
    pub dead_letter_url: String,
    /// The ledger.
    pub table: String,
    /// What the jobs write.
    pub records_table: String,
    /// What the operator decides of attempts.
    pub settings: Settings,
    /// What jobs may reach besides.
    pub jobs: JobsConfig,
}

/// What jobs may reach. What is not named is not set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobsConfig {
    /// The secret with the jobs' settings.
    pub secret: Option<String>,
    /// The address that e-mail is from.
    pub mail_from: Option<String>,
    /// The id of the model, or of an inference profile.
    pub model: Option<String>,
    /// The model's region, where it is not the function's own.
    pub model_region: Option<String>,
    /// The ARN of the topic for notices.
    pub topic: Option<String>,
}

/// Everything that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment is not usable: {}", self.sentences().join("; "))]
pub struct ConfigProblems(Vec<ConfigProblem>);

/// One thing that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with it; its value is left out.
    pub problem: String,
}

impl IngestConfig {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// Everything that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigProblems> {
        Self::read(variable)
    }

    /// Reads variables wherever they come from.
    ///
    /// # Errors
    ///
    /// Everything that is missing or wrong.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigProblems> {
        let mut raw = Raw::new(variable);
        let config = Self {
            stack: raw.required("HOOKDOCK_STACK", stack),
            endpoints: raw.optional("HOOKDOCK_ENDPOINTS", endpoints).unwrap_or_default(),
            bucket: raw.required("HOOKDOCK_BUCKET", any),
            queue_url: raw.required("HOOKDOCK_QUEUE_URL", url),
            access: Access::read(&mut raw),
        };
        raw.checked(config)
    }
}

impl Access {
    fn read<F: Fn(&str) -> Option<String>>(raw: &mut Raw<F>) -> Self {
        let region = raw.required("AWS_REGION", region);
        let id = raw.required("AWS_ACCESS_KEY_ID", any);
        let secret = raw.required("AWS_SECRET_ACCESS_KEY", any);
        let token = raw.optional("AWS_SESSION_TOKEN", any);
        let everywhere = raw.optional("AWS_ENDPOINT_URL", url);
        let mut named = |variable| raw.optional(variable, url).or_else(|| everywhere.clone());
        Self {
            region,
            credentials: Credentials::new(id, secret, token, None, "environment"),
            s3: named("AWS_ENDPOINT_URL_S3"),
            sqs: named("AWS_ENDPOINT_URL_SQS"),
            secrets: named("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        }
    }
}

impl ProcessorConfig {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// Everything that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigProblems> {
        Self::read(variable)
    }

    /// Reads variables wherever they come from.
    ///
    /// # Errors
    ///
    /// Everything that is missing or wrong.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigProblems> {
        let mut raw = Raw::new(variable);
        let default = Settings::default();
        let config = Self {
            bucket: raw.required("HOOKDOCK_BUCKET", any),
            queue_url: raw.required("HOOKDOCK_QUEUE_URL", url),
            dead_letter_url: raw.required("HOOKDOCK_DLQ_URL", url),
            table: raw.required("HOOKDOCK_TABLE", any),
            records_table: raw.required("HOOKDOCK_RECORDS_TABLE", any),
            settings: Settings {
                policy: raw.optional("HOOKDOCK_MAX_ATTEMPTS", count).map_or(
                    default.policy,
                    |max_attempts| RetryPolicy { max_attempts, ..default.policy },
                ),
                longest_stay: raw
                    .optional("HOOKDOCK_QUEUE_DAYS", count)
                    .map_or(default.longest_stay, Settings::stay_of),
                max_receives: raw
                    .optional("HOOKDOCK_MAX_RECEIVES", count)
                    .unwrap_or(default.max_receives),
                code: raw.optional("HOOKDOCK_CODE_VERSION", code).unwrap_or(default.code),
            },
            jobs: JobsConfig {
                secret: raw.optional("HOOKDOCK_JOBS_SECRET", any),
                mail_from: raw.optional("HOOKDOCK_MAIL_FROM", any),
                model: raw.optional("HOOKDOCK_MODEL", any),
                model_region: raw.optional("HOOKDOCK_MODEL_REGION", any),
                topic: raw.optional("HOOKDOCK_TOPIC_ARN", arn),
            },
        };
        raw.checked(config)
    }
}

impl ConfigProblems {
    /// The problems, in the order of the variables' use.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigProblem> {
        self.0.iter()
    }

    /// Writes one log line for each problem.
    pub fn log(&self) {
        for ConfigProblem { variable, problem } in self.iter() {
            tracing::error!(variable, problem, "the function cannot start");
        }
    }

    fn sentences(&self) -> Vec<String> {
        self.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.problem)
    }
}

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

/// The variables as they are, and what was found wrong with them.
struct Raw<F> {
    variable: F,
    problems: Vec<ConfigProblem>,
}

impl<F: Fn(&str) -> Option<String>> Raw<F> {
    fn new(variable: F) -> Self {
        Self { variable, problems: Vec::new() }
    }

    fn required<T: Default>(
        &mut self,
        name: &'static str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let before = self.problems.len();
        let found = self.optional(name, check);
        if found.is_none() && self.problems.len() == before {
            self.problem(name, "is not set");
        }
        found.unwrap_or_default()
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = (self.variable)(name).filter(|value| !value.trim().is_empty())?;
        check(value.trim()).map_err(|problem| self.problem(name, problem)).ok()
    }

    fn problem(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(ConfigProblem { variable, problem: problem.into() });
    }

    fn checked<T>(self, config: T) -> Result<T, ConfigProblems> {
        if self.problems.is_empty() { Ok(config) } else { Err(ConfigProblems(self.problems)) }
    }
}

fn any(value: &str) -> Result<String, String> {
    Ok(value.to_owned())
}

fn stack(value: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || SECRET_NAME_CHARACTERS.contains(c);
    if value.chars().all(fits) {
        Ok(value.to_owned())
    } else {
        Err("cannot begin a secret's name".to_owned())
    }
}

/// It becomes a part of host names.
fn region(value: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if value.bytes().all(fits) { Ok(value.to_owned()) } else { Err("is not a region".to_owned()) }
}

fn url(value: &str) -> Result<String, String> {
    if value.starts_with("https://") || value.starts_with("http://") {
        Ok(value.to_owned())
    } else {
        Err("is not a URL".to_owned())
    }
}

fn code(value: &str) -> Result<CodeVersion, String> {
    value.parse().map_err(|error: InvalidName| error.to_string())
}

fn arn(value: &str) -> Result<String, String> {
    if value.starts_with("arn:") { Ok(value.to_owned()) } else { Err("is not an ARN".to_owned()) }
}

fn count(value: &str) -> Result<u32, String> {
    let count = value.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "is not a whole number above zero".to_owned())
}

fn endpoints(value: &str) -> Result<BTreeSet<EndpointId>, String> {
    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
    let (good, bad): (Vec<_>, Vec<_>) = names
        .map(|name| name.parse().map_err(|error| format!("{name:?}: {error}")))
        .partition(Result::is_ok);
    let bad: Vec<String> = bad.into_iter().filter_map(Result::err).collect();
    if bad.is_empty() {
        Ok(good.into_iter().filter_map(Result::ok).collect())
    } else {
        Err(format!("has names that no endpoint can have: {}", bad.join(", ")))
    }
}

#[cfg(test)]
impl Access {
    pub(crate) fn of(id: &str, secret: &str, token: Option<&str>) -> Self {
        let credentials = Credentials::new(id, secret, token.map(str::to_owned), None, "a test");
        let region = "us-east-1".to_owned();
        Self { region, credentials, s3: None, sqs: None, secrets: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INGEST: [(&str, &str); 8] = [
        ("HOOKDOCK_STACK", "hooks"),
        ("HOOKDOCK_ENDPOINTS", "stripe, github,stripe"),
        ("HOOKDOCK_BUCKET", "deliveries"),
        ("HOOKDOCK_QUEUE_URL", "https://sqs.example/1/queue"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
    ];

    /// What ingest cannot do without.
    const NEEDED: [&str; 6] = [
        "HOOKDOCK_STACK",
        "HOOKDOCK_BUCKET",
        "HOOKDOCK_QUEUE_URL",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ];

    const PROCESSOR: [(&str, &str); 6] = [
        ("HOOKDOCK_BUCKET", "deliveries"),
        ("HOOKDOCK_QUEUE_URL", "https://sqs.example/1/queue"),
        ("HOOKDOCK_DLQ_URL", "http://127.0.0.1:4566/1/dead"),
        ("HOOKDOCK_TABLE", "ledger"),
        ("HOOKDOCK_RECORDS_TABLE", "records"),
        ("HOOKDOCK_MAX_ATTEMPTS", "3"),
    ];

    /// The variables, with one of them changed.
    fn with<'a>(
        variables: &'a [(&'a str, &'a str)],
        changed: &'a str,
        value: Option<&'a str>,
    ) -> impl Fn(&str) -> Option<String> {
        move |name| {
            let found = variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let found = if name == changed { value } else { found };
            found.map(str::to_owned)
        }
    }

    fn problem(result: Result<impl fmt::Debug, ConfigProblems>) -> String {
        result.expect_err("a problem").to_string()
    }

    #[test]
    fn a_full_environment_is_read() {
        let ingest = IngestConfig::read(with(&INGEST, "", None)).expect("usable");
        assert_eq!(ingest.stack, "hooks");
        assert_eq!(ingest.bucket, "deliveries");
        assert_eq!(ingest.queue_url, "https://sqs.example/1/queue");
        let names: Vec<_> = ingest.endpoints.iter().map(EndpointId::as_str).collect();
        assert_eq!(names, ["github", "stripe"]);
        let processor = ProcessorConfig::read(with(&PROCESSOR, "", None)).expect("usable");
        assert_eq!(processor.settings.policy.max_attempts, 3);
        assert_eq!(processor.dead_letter_url, "http://127.0.0.1:4566/1/dead");
        assert_eq!(processor.records_table, "records");
        assert_eq!(processor.jobs, JobsConfig::default(), "nothing is set up unless it is named");
    }

    #[test]
    fn a_service_s_own_address_goes_before_the_one_for_all() {
        let own = Some("http://127.0.0.1:9000");
        let config = IngestConfig::read(with(&INGEST, "AWS_ENDPOINT_URL_S3", own));
        let access = config.expect("usable").access;
        assert_eq!(access.s3.as_deref(), own);
        assert_eq!(access.sqs.as_deref(), Some("http://127.0.0.1:4566"));
        let config = IngestConfig::read(with(&INGEST, "AWS_ENDPOINT_URL", None));
        assert_eq!(config.expect("usable").access.secrets, None);
    }

    #[test]
    fn the_secret_of_the_key_and_the_token_are_not_shown() {
        let config = IngestConfig::read(with(&INGEST, "AWS_SESSION_TOKEN", Some("hunter3")));
        let text = format!("{:?}", config.expect("usable"));
        assert!(text.contains("AKIDEXAMPLE"), "{text}");
        assert!(!text.contains("hunter"), "{text}");
    }

    #[test]
    fn what_is_optional_may_be_missing_or_empty() {
        for value in [None, Some(""), Some(" ")] {
            let ingest = IngestConfig::read(with(&INGEST, "HOOKDOCK_ENDPOINTS", value));
            assert_eq!(ingest.expect("usable").endpoints, BTreeSet::new());
            let processor = ProcessorConfig::read(with(&PROCESSOR, "HOOKDOCK_MAX_ATTEMPTS", value));
            assert_eq!(processor.expect("usable").settings.policy.max_attempts, 12);
        }
    }

    #[test]
    fn what_is_required_may_be_neither_missing_nor_empty() {
        for value in [None, Some(""), Some(" ")] {
            for name in NEEDED {
                let found = problem(IngestConfig::read(with(&INGEST, name, value)));
                assert_eq!(found, format!("the environment is not usable: {name} is not set"));
            }
            for (name, _) in &PROCESSOR[..5] {
                let found = problem(ProcessorConfig::read(with(&PROCESSOR, name, value)));
                assert_eq!(found, format!("the environment is not usable: {name} is not set"));
            }
        }
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let problems = IngestConfig::read(|_| None).expect_err("problems");
        let variables: Vec<_> = problems.iter().map(|problem| problem.variable).collect();
        assert_eq!(variables, NEEDED);
        let problems = ProcessorConfig::read(|_| Some("-1".to_owned())).expect_err("problems");
        let variables: Vec<_> = problems.iter().map(|problem| problem.variable).collect();
        assert_eq!(
            variables,
            [
                "HOOKDOCK_QUEUE_URL",
                "HOOKDOCK_DLQ_URL",
                "HOOKDOCK_MAX_ATTEMPTS",
                "HOOKDOCK_QUEUE_DAYS",
                "HOOKDOCK_MAX_RECEIVES",
                "HOOKDOCK_TOPIC_ARN"
            ]
        );
    }

    #[test]
    fn a_wrong_value_is_named_with_what_is_wrong() {
        let check = |name, value, expected: &str| {
            let found = problem(IngestConfig::read(with(&INGEST, name, Some(value))));
            assert!(found.contains(expected), "{found}");
        };
        check("HOOKDOCK_STACK", "my stack", "HOOKDOCK_STACK cannot begin a secret's name");
        check("HOOKDOCK_QUEUE_URL", "arn:aws:sqs", "HOOKDOCK_QUEUE_URL is not a URL");
        check("AWS_REGION", "eu.evil.example/", "AWS_REGION is not a region");
        check("AWS_ENDPOINT_URL_S3", "localhost", "AWS_ENDPOINT_URL_S3 is not a URL");
        check("HOOKDOCK_ENDPOINTS", "a,B,../c", r#"no endpoint can have: "B": an endpoint name"#);
        check("HOOKDOCK_ENDPOINTS", "a,B,../c", r#""../c": an endpoint name"#);
        for value in ["0", "-1", "many", "1.5", "99999999999"] {
            let changed = with(&PROCESSOR, "HOOKDOCK_MAX_ATTEMPTS", Some(value));
            let found = problem(ProcessorConfig::read(changed));
            assert!(found.contains("HOOKDOCK_MAX_ATTEMPTS is not a whole number"), "{found}");
        }
    }

    #[test]
    fn the_log_level_is_lambda_s_and_info_without_one() {
        for (value, level) in [
            (Some("TRACE"), LevelFilter::TRACE),
            (Some("debug"), LevelFilter::DEBUG),
            (Some("INFO"), LevelFilter::INFO),
            (Some("WARN"), LevelFilter::WARN),
            (Some("ERROR"), LevelFilter::ERROR),
            (Some("FATAL"), LevelFilter::ERROR),
            (Some("loud"), LevelFilter::INFO),
            (Some(""), LevelFilter::INFO),
            (None, LevelFilter::INFO),
        ] {
            assert_eq!(log_level(|_| value.map(str::to_owned)), level, "{value:?}");
        }
    }
}
