//! A language model.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::model::port_error::PortError;

/// What a model is asked.
#[derive(Clone, PartialEq)]
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
#[derive(Clone, PartialEq)]
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
pub trait Model: Send + Sync {
    /// Asks the model, once. Each call costs.
    fn ask<'a>(&'a self, prompt: &'a Prompt) -> BoxFuture<'a, Result<Answer, PortError>>;
}

impl fmt::Debug for Prompt {
    /// What a model is asked about stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("form", &self.form.name)
            .field("max_tokens", &self.max_tokens)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    /// So does what it answers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("whole", &self.json.is_some())
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}
