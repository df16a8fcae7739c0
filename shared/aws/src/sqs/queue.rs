//! References and deliveries into an SQS queue.

use std::collections::BTreeMap;

use hookdock_pipeline::delivery::reference::Reference;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::model::names::{EndpointId, TenantId};
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::WorkQueue;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::service::{CallError, Service};

const SEND: &str = "queue the delivery";

const JSON: &str = "application/x-amz-json-1.0";

/// The queue as ingest sees it: something to send deliveries to.
#[derive(Debug)]
pub struct SqsQueue {
    service: Service,
    queue_url: String,
}

/// The parameters of `SendMessage`, as far as they are used.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage<'a> {
    queue_url: &'a str,
    message_body: &'a str,
    message_attributes: BTreeMap<&'static str, Text<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_system_attributes: BTreeMap<&'static str, Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_group_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Text<'a> {
    data_type: &'static str,
    string_value: &'a str,
}

/// What shows that SQS has the message.
#[derive(Deserialize)]
struct Sent {
    #[serde(rename = "MessageId")]
    _id: String,
}

impl SqsQueue {
    pub(crate) fn new(service: Service, queue_url: &str) -> Self {
        Self { service, queue_url: queue_url.to_owned() }
    }
}

impl WorkQueue for SqsQueue {
    async fn send(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let message = SendMessage::of(delivery, &self.queue_url);
        let sent = self.service.ask("AmazonSQS.SendMessage", JSON, &message).await;
        let Sent { .. } = sent.map_err(CallError::port_error(SEND))?;
        Ok(())
    }
}

impl<'a> SendMessage<'a> {
    fn of(delivery: &'a SealedDelivery, queue_url: &'a str) -> Self {
        let reference = delivery.reference();
        let named = reference.attributes();
        let trace = delivery.trace().map(|trace| ("AWSTraceHeader", text(trace.as_str())));
        Self {
            queue_url,
            message_body: delivery.message(),
            message_attributes: named.map(|(name, value)| (name, text(value))).collect(),
            message_system_attributes: trace.into_iter().collect(),
            message_group_id: group_of(reference),
        }
    }
}

pub(crate) fn group_of(reference: &Reference) -> Option<String> {
    reference.tenant.as_ref().map(|tenant| group(&reference.endpoint, tenant))
}

/// One tenant of one endpoint. On a standard queue the group keeps a tenant with many events from
/// holding up the others. What a sender chose is not sent: it is hashed. No endpoint's name has a
/// slash in it, so no two pairs share a text.
fn group(endpoint: &EndpointId, tenant: &TenantId) -> String {
    hex::encode(Sha256::digest(format!("{endpoint}/{tenant}")))
}

fn text(value: &str) -> Text<'_> {
    Text { data_type: "String", string_value: value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenant_of_an_endpoint_is_a_group_of_its_own() {
        let group = |endpoint: &str, tenant: &str| {
            group(&endpoint.parse().expect("a name"), &tenant.parse().expect("a name"))
        };
        // printf orders/acme | sha256sum
        assert_eq!(
            group("orders", "acme"),
            "634d59ce5be97ec83de86d249d12d401d1d77a83baba5496b226bd65ba887992"
        );
        assert_ne!(group("orders", "acme"), group("orders", "other"));
        assert_ne!(group("orders", "acme"), group("returns", "acme"));
    }
}
