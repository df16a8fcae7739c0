//! A call to a provider.

use bytes::Bytes;
use hookdock_pipeline::model::port_error::PortError;
use http::{Request, Response};

use crate::client::Client;

/// Makes the call. Every status is an answer.
pub(crate) async fn send(
    client: &Client,
    action: &'static str,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, PortError> {
    let answer = client.send(request).await;
    answer.map_err(|error| PortError::new(action, error.kind()).with_source(error))
}
