//! The configuration of the processor.

use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_pipeline::process::{Settings, Worker};

use super::environment::variable;
use super::maintenance::LedgerConfig;
use super::reader::{ConfigProblems, Raw, any, arn, code, count};

/// What the processor needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessorConfig {
    /// The bucket of the deliveries.
    pub bucket: String,
    /// The queues and tables.
    pub ledger: LedgerConfig,
    /// What the operator decides of attempts.
    pub settings: Settings,
    /// How much memory the function has.
    pub memory_bytes: u64,
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
            ledger: LedgerConfig::read(&mut raw),
            settings: Settings {
                policy: raw.optional("HOOKDOCK_MAX_ATTEMPTS", count).map_or(
                    default.policy,
                    |max_attempts| RetryPolicy { max_attempts, ..default.policy },
                ),
                deliveries_kept: raw
                    .optional("HOOKDOCK_DELIVERY_DAYS", count)
                    .map_or(default.deliveries_kept, Settings::days),
                code: raw.optional("HOOKDOCK_CODE_VERSION", code).unwrap_or(default.code),
            },
            // Set by Lambda itself ("Defined runtime environment variables", read 2026-11).
            memory_bytes: raw
                .optional("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", count)
                .map_or(Worker::DEFAULT_MEMORY_BYTES, |megabytes| u64::from(megabytes) << 20),
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
