//! What is kept of one run, and what of it the ledger may know.

use hookdock_pipeline::job::{Context, ErrorClass, Failure, ScopedDocuments};
use hookdock_pipeline::ports::{Answer, Document, DocumentName, Usage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::answer::{Kind, Triage, Urgency};
use super::ticket::Ticket;

/// The ticket as it was read, and the model's answer: two documents. What was kept first stays.
pub(super) struct Papers<'a> {
    documents: ScopedDocuments<'a>,
    ticket: DocumentName,
    answer: DocumentName,
}

/// What the ledger keeps of the answer: nothing that anybody wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sorted {
    kind: Option<Kind>,
    urgency: Option<Urgency>,
    confidence: f64,
    input_tokens: u32,
    output_tokens: u32,
    took_ms: u64,
}

/// The answer, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    sorted: Sorted,
    /// `None`: the model gave none that has the form.
    triage: Option<Triage>,
}

impl<'a> Papers<'a> {
    pub(super) fn of(cx: &'a Context) -> Result<Self, Failure> {
        let (documents, id) = (cx.documents()?, cx.run().event.key.as_str());
        let ticket = documents.name("tickets", id, "json");
        let answer = documents.name("answers", id, "json");
        Ok(Self { documents, ticket, answer })
    }

    pub(super) fn answer_name(&self) -> &DocumentName {
        &self.answer
    }

    pub(super) async fn keep_ticket(&self, ticket: &Ticket) -> Result<(), Failure> {
        self.keep(&self.ticket, ticket).await
    }

    pub(super) async fn ticket(&self) -> Result<Ticket, Failure> {
        self.read(&self.ticket).await?.ok_or_else(lost)
    }

    pub(super) async fn keep_answer(&self, answer: &Answer) -> Result<Sorted, Failure> {
        let triage = answer.json.as_ref().and_then(Triage::of);
        let kept = Kept { sorted: Sorted::of(triage.as_ref(), answer.usage), triage };
        self.keep(&self.answer, &kept).await?;
        Ok(kept.sorted)
    }

    /// `None`: no answer has been kept yet.
    pub(super) async fn sorted(&self) -> Result<Option<Sorted>, Failure> {
        let kept: Option<Kept> = self.read(&self.answer).await?;
        Ok(kept.map(|kept| kept.sorted))
    }

    /// `None`: the model gave no answer that has the form.
    pub(super) async fn triage(&self) -> Result<Option<Triage>, Failure> {
        let kept: Kept = self.read(&self.answer).await?.ok_or_else(lost)?;
        Ok(kept.triage)
    }

    async fn keep(&self, name: &DocumentName, content: &impl Serialize) -> Result<(), Failure> {
        let body = serde_json::to_vec(content).map_err(|_| lost())?.into();
        let document = Document { name: name.clone(), content_type: "application/json", body };
        self.documents.keep(document).await?;
        Ok(())
    }

    async fn read<T: DeserializeOwned>(&self, name: &DocumentName) -> Result<Option<T>, Failure> {
        let found = self.documents.read(name).await?;
        // The parser's own message can quote the ticket.
        found.map(|json| serde_json::from_slice(&json).map_err(|_| lost())).transpose()
    }
}

impl Sorted {
    fn of(triage: Option<&Triage>, usage: Usage) -> Self {
        Self {
            kind: triage.map(|triage| triage.kind),
            urgency: triage.map(|triage| triage.urgency),
            confidence: triage.map_or(0.0, |triage| triage.confidence),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            took_ms: usage.took.as_millis().try_into().unwrap_or(u64::MAX),
        }
    }
}

fn lost() -> Failure {
    Failure::transient(ErrorClass::Bug, "what was kept of the ticket is not there, or not ours")
}
