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
//! | `HOOKDOCK_DELIVERY_DAYS` | | optional | how many days deliveries are stored |
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
//! The maintenance function has the processor's `_QUEUE_URL`, `_DLQ_URL`, `_TABLE` and
//! `_RECORDS_TABLE`.
//!
//! An empty variable is as good as none. In the processor, what begins with `AWS_` is the SDK's
//! to read, but for the log level.

mod environment;
mod ingest;
mod maintenance;
mod processor;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use environment::{log_level, variable};
pub(crate) use ingest::Access;
pub use ingest::IngestConfig;
pub use maintenance::LedgerConfig;
pub use processor::{JobsConfig, ProcessorConfig};
pub use reader::{ConfigProblem, ConfigProblems};
