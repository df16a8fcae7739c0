//! The SDK's errors as the ports'.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};

use crate::classify::refusal;

/// Turns an SDK error into the port's, whose message reads "failed to {action}" and whose cause
/// is the SDK error.
pub(crate) fn port_error<E>(action: &'static str) -> impl FnOnce(SdkError<E>) -> PortError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| PortError::new(action, kind(&error)).with_source(error)
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
            Some(refusal) => failed.with_source(refusal.code().unwrap_or("no code").to_owned()),
            None => failed.with_source(error),
        }
    }
}

fn kind<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> PortErrorKind {
    match error {
        SdkError::ConstructionFailure(_) => PortErrorKind::Invalid,
        SdkError::TimeoutError(_) => PortErrorKind::TimedOut,
        SdkError::DispatchFailure(failure) => {
            failure.as_connector_error().map_or(PortErrorKind::Unavailable, connection)
        }
        SdkError::ServiceError(answer) => {
            refusal(answer.err().code(), answer.raw().status().as_u16())
        }
        // Half an answer says nothing of what happened, and neither does what is not known yet.
        _ => PortErrorKind::Unavailable,
    }
}

fn connection(error: &ConnectorError) -> PortErrorKind {
    if error.is_timeout() {
        PortErrorKind::TimedOut
    } else if error.is_user() {
        PortErrorKind::Invalid
    } else {
        PortErrorKind::Unavailable
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
    fn answers_are_classed_by_their_code_and_their_status() {
        for (code, status, expected) in [
            ("SlowDown", 503, PortErrorKind::Throttled),
            ("AccessDeniedException", 400, PortErrorKind::Denied),
            ("InternalError", 500, PortErrorKind::Unavailable),
        ] {
            assert_eq!(kind(&answered(code, status)), expected, "{code} {status}");
        }
    }

    #[test]
    fn calls_without_an_answer_are_classed_by_how_they_ended() {
        let dispatch = |error| Answered::dispatch_failure(error);
        let io = || Box::new(io::Error::other("reset"));
        for (error, expected) in [
            (Answered::timeout_error("slow"), PortErrorKind::TimedOut),
            (Answered::construction_failure("no region"), PortErrorKind::Invalid),
            (dispatch(ConnectorError::timeout(io())), PortErrorKind::TimedOut),
            (dispatch(ConnectorError::io(io())), PortErrorKind::Unavailable),
            (dispatch(ConnectorError::user(io())), PortErrorKind::Invalid),
            (dispatch(ConnectorError::other(io(), None)), PortErrorKind::Unavailable),
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
        let text = hookdock_pipeline::model::port_error::chain(&error);
        assert_eq!(text, "failed to send the e-mail: invalid: MessageRejected");
    }

    #[test]
    fn the_sdk_error_stays_as_the_cause() {
        let error = port_error("store the delivery")(answered("SlowDown", 503));
        assert_eq!(error.to_string(), "failed to store the delivery: throttled");
        assert!(error.source().is_some_and(<dyn std::error::Error>::is::<Answered>));
    }
}
