//! A call to a provider, and what its answer means to a port.

use std::error::Error;

use bytes::Bytes;
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
use http::{Request, Response, StatusCode};

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

/// The error of a status that is not a success.
pub(crate) fn check_status(
    action: &'static str,
    answer: &Response<Bytes>,
) -> Result<(), PortError> {
    let status = answer.status();
    match status.is_success() {
        true => Ok(()),
        false => {
            Err(PortError::new(action, kind_of(status))
                .with_source(format!("the answer was {status}")))
        }
    }
}

/// The error of a request that cannot be made, or of an answer that cannot be read.
pub(crate) fn invalid(
    action: &'static str,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> PortError {
    PortError::new(action, PortErrorKind::Invalid).with_source(error)
}

/// A redirect is not followed, so it is as wrong as any other answer that makes no sense.
fn kind_of(status: StatusCode) -> PortErrorKind {
    match status {
        StatusCode::TOO_MANY_REQUESTS => PortErrorKind::Throttled,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => PortErrorKind::Denied,
        status if status.is_server_error() => PortErrorKind::Unavailable,
        _ => PortErrorKind::Invalid,
    }
}
