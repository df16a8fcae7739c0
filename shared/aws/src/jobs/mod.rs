//! What only jobs call. Ingest is built without it.

mod bedrock_model;
mod ses_mail;
mod sns_notices;

use std::sync::Arc;

use hookdock_https::{Client, Limits, Reach, Trust};
use hookdock_pipeline::job::Effects;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};

use self::bedrock_model::BedrockModel;
use self::ses_mail::SesMail;
use self::sns_notices::SnsNotices;
use crate::clients::{Connection, JobClients, secrets};
use crate::config::{JobsConfig, ProcessorConfig};
use crate::s3::S3Documents;
use crate::sdk_errors::port_error;

const READ_SETTINGS: &str = "read the jobs' settings";

/// Adds what jobs may reach besides: documents, the web, and what the configuration names.
pub(crate) async fn reaching(
    effects: Effects,
    connection: &Connection,
    processor: &ProcessorConfig,
    s3: aws_sdk_s3::Client,
) -> Effects {
    let config = &processor.jobs;
    let clients = JobClients::new(connection, config.model_region.as_deref()).await;
    let documents = S3Documents::new(s3, &processor.bucket);
    let mail = config.mail_from.as_deref().map(|from| SesMail::new(clients.ses, from));
    let model = config.model.as_deref().map(|id| BedrockModel::new(clients.bedrock, id));
    let notices = config.topic.as_deref().map(|topic| SnsNotices::new(clients.sns, topic));
    Effects {
        documents: Some(Arc::new(documents)),
        mail: mail.map(|mail| Arc::new(mail) as _),
        model: model.map(|model| Arc::new(model) as _),
        notices: notices.map(|notices| Arc::new(notices) as _),
        web: Some(Arc::new(Client::new(Limits::OF_JOBS, Reach::Public, Trust::platform()))),
        ..effects
    }
}

/// The jobs' settings, as their secret has them. `None`: the configuration names none.
///
/// # Errors
///
/// The secret cannot be read. A function must not start then: with its jobs off, it would take
/// events for done that it did nothing for.
pub async fn settings(
    connection: &Connection,
    config: &JobsConfig,
) -> Result<Option<String>, PortError> {
    let Some(name) = &config.secret else {
        return Ok(None);
    };
    let secret = secrets(connection).await.get_secret_value().secret_id(name).send().await;
    let text = secret.map_err(port_error(READ_SETTINGS))?.secret_string;
    let missing =
        || PortError::new(READ_SETTINGS, PortErrorKind::Invalid).with_source("it has no text");
    text.map(Some).ok_or_else(missing)
}
