//! Prices and durations: one dated file.

use hookdock_signature::Trust;
use serde::{Deserialize, Serialize};

/// The file as text.
pub(crate) const FIGURES: &str = include_str!("figures.toml");

/// The prices and durations of the estimate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figures {
    pub(crate) region: String,
    /// The day on which the list was made.
    pub(crate) read: String,
    pub(crate) prices: Prices,
    pub(crate) milliseconds: Milliseconds,
}

/// A list price.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    pub(crate) dollars: f64,
    /// How many of what is counted one `unit` has.
    pub(crate) per: f64,
    pub(crate) unit: String,
    pub(crate) page: String,
    pub(crate) source: String,
    pub(crate) trust: Trust,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    pub(crate) http_api_request: Price,
    pub(crate) lambda_request: Price,
    pub(crate) lambda_arm64: Price,
    pub(crate) lambda_x86_64: Price,
    pub(crate) s3_put: Price,
    pub(crate) s3_get: Price,
    pub(crate) s3_storage: Price,
    pub(crate) sqs_request: Price,
    pub(crate) sqs_fair: Price,
    pub(crate) dynamodb_write: Price,
    pub(crate) dynamodb_read: Price,
    pub(crate) dynamodb_storage: Price,
    pub(crate) logs_ingested: Price,
    pub(crate) logs_stored: Price,
    pub(crate) schedule: Price,
    pub(crate) trace: Price,
    pub(crate) transfer_out: Price,
    pub(crate) secret: Price,
    pub(crate) secret_read: Price,
    pub(crate) alarm: Price,
    pub(crate) metric: Price,
    pub(crate) key: Price,
    pub(crate) key_call: Price,
}

/// How long something takes.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Taken {
    pub(crate) takes: f64,
    source: String,
    trust: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Milliseconds {
    pub(crate) s3_put: Taken,
    pub(crate) s3_get: Taken,
    pub(crate) sqs_send: Taken,
    pub(crate) dynamodb_write: Taken,
    pub(crate) secret_read: Taken,
    pub(crate) ingest_cpu: Taken,
    pub(crate) processor_cpu: Taken,
}

impl Figures {
    /// The figures of this build.
    ///
    /// # Errors
    ///
    /// The file that was built in is broken; a test reads it.
    pub(crate) fn built_in() -> anyhow::Result<Self> {
        Ok(toml::from_str(FIGURES)?)
    }
}
