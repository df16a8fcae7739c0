//! What went wrong in an AWS call, decided once and here.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use hookdock_pipeline::fault::{FaultKind, PortError};

/// Codes by which AWS asks a caller to slow down. Some come with 400, some with 503.
const THROTTLED: [&str; 16] = [
    "BandwidthLimitExceeded",
    "ConditionalRequestConflict",
    "KmsThrottled",
    "LimitExceededException",
    "OverLimit",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "TransactionConflictException",
];

/// Codes of a call that the service itself gave up waiting for.
const TIMED_OUT: [&str; 3] = ["ModelTimeoutException", "RequestTimeout", "RequestTimeoutException"];

/// The code by which Bedrock says that a model failed; it comes with 424.
const UNAVAILABLE: &str = "ModelErrorException";

/// Codes of a call that we are not allowed to make, or not as whom we say we are. Several come
/// with 400.
const DENIED: [&str; 11] = [
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "KmsAccessDenied",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Turns an SDK error into the port's, whose message reads "failed to {action}" and whose cause
/// is the SDK error.
pub(crate) fn port_error<E>(action: &'static str) -> impl FnOnce(SdkError<E>) -> PortError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| PortError::new(action, kind(&error)).because(error)
}

/// The same for services whose messages can quote what they were sent: the cause is the code.
#[cfg(feature = "jobs")]
pub(crate) fn coded_error<E>(action: &'static str) -> impl FnOnce(SdkError<E>) -> PortError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| {
        let failed = PortError::new(action, kind(&error));
        match error.as_service_error() {
            Some(refusal) => failed.because(refusal.code().unwrap_or("no code").to_owned()),
            None => failed.because(error),
        }
    }
}

fn kind<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> FaultKind {
    match error {
        SdkError::ConstructionFailure(_) => FaultKind::Invalid,
        SdkError::TimeoutError(_) => FaultKind::TimedOut,
        SdkError::DispatchFailure(failure) => {
            failure.as_connector_error().map_or(FaultKind::Unavailable, connection)
        }
        SdkError::ServiceError(answer) => {
            refusal(answer.err().code(), answer.raw().status().as_u16())
        }
        // Half an answer says nothing of what happened, and neither does what is not known yet.
        _ => FaultKind::Unavailable,
    }
}

fn connection(error: &ConnectorError) -> FaultKind {
    if error.is_timeout() {
        FaultKind::TimedOut
    } else if error.is_user() {
        FaultKind::Invalid
    } else {
        FaultKind::Unavailable
    }
}

/// The code decides before the status, since AWS throttles with 400, 429 and 503.
fn refusal(code: Option<&str>, status: u16) -> FaultKind {
    let code = code.unwrap_or_default();
    match status {
        _ if THROTTLED.contains(&code) => FaultKind::Throttled,
        _ if TIMED_OUT.contains(&code) => FaultKind::TimedOut,
        _ if DENIED.contains(&code) => FaultKind::Denied,
        _ if code == UNAVAILABLE => FaultKind::Unavailable,
        429 => FaultKind::Throttled,
        401 | 403 => FaultKind::Denied,
        500.. => FaultKind::Unavailable,
        _ => FaultKind::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use aws_sdk_s3::error::ErrorMetadata;
    use aws_sdk_s3::operation::put_object::PutObjectError;
    use aws_sdk_s3::primitives::SdkBody;

    use super::*;

    type Answered = SdkError<PutObjectError>;

    fn answered(code: &str, status: u16) -> Answered {
        let error = PutObjectError::generic(ErrorMetadata::builder().code(code).build());
        let status = status.try_into().expect("a status");
        SdkError::service_error(error, HttpResponse::new(status, SdkBody::empty()))
    }

    #[test]
    fn answers_are_classed_by_their_code_then_by_their_status() {
        for (code, status, expected) in [
            ("SlowDown", 503, FaultKind::Throttled),
            ("ThrottlingException", 400, FaultKind::Throttled),
            ("ProvisionedThroughputExceededException", 400, FaultKind::Throttled),
            ("ConditionalRequestConflict", 409, FaultKind::Throttled),
            ("TransactionConflictException", 400, FaultKind::Throttled),
            ("Whatever", 429, FaultKind::Throttled),
            ("RequestTimeout", 400, FaultKind::TimedOut),
            ("ModelTimeoutException", 408, FaultKind::TimedOut),
            ("ModelErrorException", 424, FaultKind::Unavailable),
            ("ModelNotReadyException", 429, FaultKind::Throttled),
            ("AccessDenied", 403, FaultKind::Denied),
            ("AccessDeniedException", 400, FaultKind::Denied),
            ("UnrecognizedClientException", 400, FaultKind::Denied),
            ("Whatever", 403, FaultKind::Denied),
            ("InternalError", 500, FaultKind::Unavailable),
            ("ServiceUnavailable", 503, FaultKind::Unavailable),
            ("NoSuchBucket", 404, FaultKind::Invalid),
            ("ValidationException", 400, FaultKind::Invalid),
            ("", 301, FaultKind::Invalid),
        ] {
            assert_eq!(kind(&answered(code, status)), expected, "{code} {status}");
        }
    }

    #[test]
    fn calls_without_an_answer_are_classed_by_how_they_ended() {
        let dispatch = |error| Answered::dispatch_failure(error);
        let io = || Box::new(io::Error::other("reset"));
        for (error, expected) in [
            (Answered::timeout_error("slow"), FaultKind::TimedOut),
            (Answered::construction_failure("no region"), FaultKind::Invalid),
            (dispatch(ConnectorError::timeout(io())), FaultKind::TimedOut),
            (dispatch(ConnectorError::io(io())), FaultKind::Unavailable),
            (dispatch(ConnectorError::user(io())), FaultKind::Invalid),
            (dispatch(ConnectorError::other(io(), None)), FaultKind::Unavailable),
        ] {
            assert_eq!(kind(&error), expected, "{error:?}");
        }
    }

    #[test]
    #[cfg(feature = "jobs")]
    fn what_a_service_says_of_personal_data_is_left_out_where_it_can_hold_any() {
        let metadata = ErrorMetadata::builder().code("MessageRejected").message("jane@example.com");
        let error = PutObjectError::generic(metadata.build());
        let status = 400.try_into().expect("a status");
        let answer = HttpResponse::new(status, SdkBody::from("jane@example.com"));
        let error = coded_error("send the e-mail")(Answered::service_error(error, answer));
        assert!(!format!("{error:?}").contains("jane"), "{error:?}");
        let text = hookdock_pipeline::fault::chain(&error);
        assert_eq!(text, "failed to send the e-mail: invalid: MessageRejected");
    }

    #[test]
    fn the_sdk_error_stays_as_the_cause() {
        let error = port_error("store the delivery")(answered("SlowDown", 503));
        assert_eq!(error.to_string(), "failed to store the delivery: throttled");
        assert!(error.source().is_some_and(<dyn std::error::Error>::is::<Answered>));
    }
}
