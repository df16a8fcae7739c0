//! How long calls may take, and how often they are tried.
//!
//! | | connect | one attempt | one call | why |
//! | --- | --- | --- | --- | --- |
//! | ingest: Secrets Manager, SQS | 0.7 s | 1 s | 2.2 s | a sender waits, and 4 s are all it has |
//! | ingest: S3 | 0.7 s | 1.5 s | 3.2 s | the same; the body of the largest delivery takes longer |
//! | processor: DynamoDB | 0.7 s | 0.8 s | 5 s | an outcome has about a second to be recorded in |
//! | processor: S3, SQS | 1 s | 3 s | 10 s | nobody waits, and giving up early repeats work for nothing |
//! | jobs: SES, SNS | 1 s | 10 s | 10 s | what was sent twice is seen twice, so an attempt is all there is |
//! | jobs: Bedrock | 1 s | 50 s | 50 s | a model takes its time, and an answer is paid for each time |
//!
//! Should the first attempt of each of ingest's three calls hang, and the second be quick, then
//! all of them together take about 3.7 s. AWS answers these calls within tens of milliseconds, so
//! an attempt that has not been answered after a second will not be.

use std::time::Duration;

/// The wait before the second attempt is at most this, evenly spread; it doubles from then on.
/// The SDK's default of one second is a quarter of what a sender has.
pub(crate) const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// How long calls may take, and how often they are tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    pub(crate) attempt: Duration,
    pub(crate) call: Duration,
    pub(crate) attempts: u32,
}

pub(crate) const INGEST: Limits = Limits {
    connect: Duration::from_millis(700),
    attempt: Duration::from_millis(1000),
    call: Duration::from_millis(2200),
    attempts: 3,
};

pub(crate) const INGEST_S3: Limits =
    Limits { attempt: Duration::from_millis(1500), call: Duration::from_millis(3200), ..INGEST };

#[cfg(feature = "sdk")]
pub(crate) const PROCESSOR: Limits = Limits {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(3),
    call: Duration::from_secs(10),
    attempts: 5,
};

#[cfg(feature = "sdk")]
pub(crate) const PROCESSOR_DYNAMO: Limits = Limits {
    connect: Duration::from_millis(700),
    attempt: Duration::from_millis(800),
    call: Duration::from_secs(5),
    ..PROCESSOR
};

#[cfg(feature = "jobs")]
pub(crate) const JOBS: Limits = Limits {
    attempt: Duration::from_secs(10),
    call: Duration::from_secs(10),
    attempts: 1,
    ..PROCESSOR
};

#[cfg(feature = "jobs")]
pub(crate) const JOBS_MODEL: Limits =
    Limits { attempt: Duration::from_secs(50), call: Duration::from_secs(50), ..JOBS };
