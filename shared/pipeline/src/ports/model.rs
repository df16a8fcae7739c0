//! A language model.

use std::time::Duration;

use async_trait::async_trait;
use derive_more::Debug;
use serde_json::Value;

use crate::model::port_error::PortError;

/// What a model is asked.
#[derive(Clone, PartialEq, Debug)]
// What a model is asked about stays out of logs.
#[debug("Prompt({}, {max_tokens} tokens)", form.name)]
pub struct Prompt {
    /// What the model is to do. Ours alone.
    pub system: String,
    /// What it is to do it with. A sender may have written it.
    pub material: String,
    /// The form of the answer.
    pub form: AnswerForm,
    /// The most tokens that the answer may cost.
    pub max_tokens: u32,
}

/// The form of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerForm {
    /// What it is called: letters, digits, `_` and `-`.
    pub name: &'static str,
    /// Its JSON schema. A model is told it and may stray from it, so an answer is checked.
    pub schema: Value,
}

/// What a model answered.
#[derive(Clone, PartialEq, Debug)]
// So does what it answers.
#[debug("Answer(whole: {}, {usage:?})", json.is_some())]
pub struct Answer {
    /// The answer. `None`: there is none that is whole, for this model broke off or declined.
    pub json: Option<Value>,
    /// What it cost.
    pub usage: Usage,
}

/// What an answer cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens that were read.
    pub input_tokens: u32,
    /// Tokens that were written.
    pub output_tokens: u32,
    /// How long the model took.
    pub took: Duration,
}

/// A language model. Which one is a setting of the port, not of the job.
#[async_trait]
pub trait Model: Send + Sync {
    /// Asks the model, once. Each call costs.
    async fn ask(&self, prompt: &Prompt) -> Result<Answer, PortError>;
}
