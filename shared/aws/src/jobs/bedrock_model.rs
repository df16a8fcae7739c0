//! A language model of Bedrock.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, JsonSchemaDefinition, Message,
    OutputConfig, OutputFormat, OutputFormatStructure, OutputFormatType, StopReason,
    SystemContentBlock,
};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Answer, AnswerForm, Model, Prompt, Usage};
use serde_json::Value;

use crate::sdk_errors::coded_error;

const ASK: &str = "ask the model";

/// A model of Bedrock, asked through Converse.
///
/// The model has to be one that keeps to a JSON schema: "Get validated JSON results from models",
/// Bedrock user guide (read 2026-11).
#[derive(Debug, Clone)]
pub(crate) struct BedrockModel {
    client: Client,
    id: String,
}

impl BedrockModel {
    pub(crate) fn new(client: Client, id: &str) -> Self {
        Self { client, id: id.to_owned() }
    }
}

#[async_trait]
impl Model for BedrockModel {
    async fn ask(&self, prompt: &Prompt) -> Result<Answer, PortError> {
        let material = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text(prompt.material.clone()))
            .build();
        let limit = i32::try_from(prompt.max_tokens).unwrap_or(i32::MAX);
        let answered = self
            .client
            .converse()
            .model_id(&self.id)
            .system(SystemContentBlock::Text(prompt.system.clone()))
            .messages(material.map_err(PortError::invalid(ASK))?)
            .inference_config(InferenceConfiguration::builder().max_tokens(limit).build())
            .output_config(form(&prompt.form).map_err(PortError::invalid(ASK))?)
            .send()
            .await
            // What Bedrock says can quote the prompt.
            .map_err(coded_error(ASK))?;
        Ok(Answer { json: whole(&answered), usage: usage(&answered) })
    }
}

fn form(form: &AnswerForm) -> Result<OutputConfig, BuildError> {
    let schema =
        JsonSchemaDefinition::builder().name(form.name).schema(form.schema.to_string()).build()?;
    let format = OutputFormat::builder()
        .r#type(OutputFormatType::JsonSchema)
        .structure(OutputFormatStructure::JsonSchema(schema))
        .build()?;
    Ok(OutputConfig::builder().text_format(format).build())
}

/// The answer, if the model came to its end by itself and kept to JSON.
fn whole(answered: &ConverseOutput) -> Option<Value> {
    if *answered.stop_reason() != StopReason::EndTurn {
        return None;
    }
    let message = answered.output()?.as_message().ok()?;
    let texts = message.content().iter().filter_map(|block| block.as_text().ok());
    serde_json::from_str(&texts.map(String::as_str).collect::<String>()).ok()
}

fn usage(answered: &ConverseOutput) -> Usage {
    let tokens = |count: Option<i32>| count.and_then(|count| count.try_into().ok());
    let usage = answered.usage();
    let took = answered.metrics().and_then(|metrics| metrics.latency_ms().try_into().ok());
    Usage {
        input_tokens: tokens(usage.map(|usage| usage.input_tokens())).unwrap_or_default(),
        output_tokens: tokens(usage.map(|usage| usage.output_tokens())).unwrap_or_default(),
        took: Duration::from_millis(took.unwrap_or_default()),
    }
}
