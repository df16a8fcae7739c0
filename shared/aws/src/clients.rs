//! The SDK's clients: one HTTPS client, one set of connections, and [time limits](crate::limits).

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::limits::{FIRST_BACKOFF, Limits, PROCESSOR, PROCESSOR_DYNAMO};
#[cfg(feature = "jobs")]
use crate::limits::{JOBS, JOBS_MODEL};

/// S3 closes a connection that was idle for about 20 s, and a frozen function does not see it;
/// a request on such a connection hangs until its time is up. The default is 90 s.
const POOL_IDLE: Duration = Duration::from_secs(15);

impl Limits {
    fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.call)
            .build()
    }

    fn retries(self) -> RetryConfig {
        RetryConfig::standard().with_max_attempts(self.attempts).with_initial_backoff(FIRST_BACKOFF)
    }
}

/// Where AWS is, and as whom it is called. What is left out, the SDK finds as it does everywhere:
/// in a function's environment, or in a person's profile.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// One address for all services, such as that of a stand-in.
    pub endpoint_url: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// An access key and its secret.
    pub access_key: Option<(String, String)>,
}

impl Connection {
    fn loader(&self) -> ConfigLoader {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(url) = &self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some((id, secret)) = &self.access_key {
            let credentials = Credentials::new(id, secret, None, None, "hookdock");
            loader = loader.credentials_provider(credentials);
        }
        loader
    }
}

/// What the processor talks to.
pub(crate) struct ProcessorClients {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) dynamo: aws_sdk_dynamodb::Client,
}

/// What jobs talk to.
#[cfg(feature = "jobs")]
pub(crate) struct JobClients {
    pub(crate) ses: aws_sdk_sesv2::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) bedrock: aws_sdk_bedrockruntime::Client,
}

impl ProcessorClients {
    pub(crate) async fn new(connection: &Connection) -> Self {
        let config = load(PROCESSOR, connection).await;
        Self {
            s3: s3(&config, PROCESSOR),
            sqs: aws_sdk_sqs::Client::new(&config),
            dynamo: dynamo(&config, PROCESSOR_DYNAMO),
        }
    }
}

#[cfg(feature = "jobs")]
impl JobClients {
    /// The model may be in another region than the rest.
    pub(crate) async fn new(connection: &Connection, model_region: Option<&str>) -> Self {
        let config = load(JOBS, connection).await;
        Self {
            ses: aws_sdk_sesv2::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            bedrock: bedrock(&config, model_region),
        }
    }
}

/// For what is read once, while a function starts.
#[cfg(feature = "jobs")]
pub(crate) async fn secrets(connection: &Connection) -> aws_sdk_secretsmanager::Client {
    aws_sdk_secretsmanager::Client::new(&load(PROCESSOR, connection).await)
}

/// Stalled-stream protection is off: what is sent and read is in memory, and the limits above
/// cover it.
async fn load(limits: Limits, connection: &Connection) -> SdkConfig {
    let http = Builder::new()
        .pool_idle_timeout(POOL_IDLE)
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https();
    connection
        .loader()
        .http_client(http)
        .timeout_config(limits.timeouts())
        .retry_config(limits.retries())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await
}

/// At an address of its own, S3 is reached by path, for such an address has no subdomains. A
/// checksum beside the signature, which covers the body, would be computed for nothing.
fn s3(config: &SdkConfig, limits: Limits) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config)
        .timeout_config(limits.timeouts())
        .force_path_style(config.endpoint_url().is_some())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

fn dynamo(config: &SdkConfig, limits: Limits) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(config).timeout_config(limits.timeouts());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

#[cfg(feature = "jobs")]
fn bedrock(config: &SdkConfig, region: Option<&str>) -> aws_sdk_bedrockruntime::Client {
    let mut config =
        aws_sdk_bedrockruntime::config::Builder::from(config).timeout_config(JOBS_MODEL.timeouts());
    if let Some(region) = region {
        config = config.region(Region::new(region.to_owned()));
    }
    aws_sdk_bedrockruntime::Client::from_conf(config.build())
}
