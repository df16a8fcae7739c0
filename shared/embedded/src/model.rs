//! A model that costs nothing and knows nothing: the default of `hookdock dev`.

use std::time::Duration;

use async_trait::async_trait;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Answer, Model, Prompt, Usage};
use serde_json::{Map, Value, json};

/// Answers every prompt in the form it asks for, always alike: the first value of an enumeration,
/// the least of a number, and "(stub)" for a text. Tokens are a quarter of the characters.
#[derive(Debug, Clone, Copy, Default)]
pub struct StubModel;

#[async_trait]
impl Model for StubModel {
    async fn ask(&self, prompt: &Prompt) -> Result<Answer, PortError> {
        let answer = fitting(&prompt.form.schema);
        let read = prompt.system.len().saturating_add(prompt.material.len());
        let usage = Usage {
            input_tokens: tokens(read),
            output_tokens: tokens(answer.to_string().len()),
            took: Duration::ZERO,
        };
        Ok(Answer { json: Some(answer), usage })
    }
}

fn fitting(schema: &Value) -> Value {
    if let Some(first) = schema.pointer("/enum/0") {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let fields = properties.into_iter().flatten();
            fields
                .map(|(name, schema)| (name.clone(), fitting(schema)))
                .collect::<Map<_, _>>()
                .into()
        }
        Some("array") => json!([]),
        Some("number" | "integer") => schema.get("minimum").cloned().unwrap_or_else(|| json!(0)),
        Some("boolean") => json!(false),
        Some("string") => json!("(stub)"),
        _ => Value::Null,
    }
}

fn tokens(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(4)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use hookdock_pipeline::ports::AnswerForm;

    use super::*;

    #[tokio::test]
    async fn the_stub_answers_in_the_form_it_is_asked_for() {
        let schema = json!({"type": "object", "properties": {
            "kind": {"type": "string", "enum": ["question", "fault"]},
            "summary": {"type": "string"},
            "confidence": {"type": "number", "minimum": 0.5},
            "tags": {"type": "array"},
            "urgent": {"type": "boolean"},
        }});
        let prompt = Prompt {
            system: "x".repeat(10),
            material: "y".repeat(11),
            form: AnswerForm { name: "any", schema },
            max_tokens: 100,
        };
        let answer = StubModel.ask(&prompt).await.expect("an answer");
        let expected = json!({
            "kind": "question", "summary": "(stub)", "confidence": 0.5, "tags": [],
            "urgent": false,
        });
        assert_eq!(answer.json, Some(expected));
        assert_eq!(answer.usage.input_tokens, 6);
        assert_eq!(StubModel.ask(&prompt).await.expect("an answer"), answer, "always alike");
    }
}
