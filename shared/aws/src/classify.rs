//! What went wrong in an AWS call, decided once and here.

use hookdock_pipeline::model::port_error::PortErrorKind;

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

/// The code decides before the status, since AWS throttles with 400, 429 and 503.
pub(crate) fn refusal(code: Option<&str>, status: u16) -> PortErrorKind {
    let code = code.unwrap_or_default();
    match status {
        _ if THROTTLED.contains(&code) => PortErrorKind::Throttled,
        _ if TIMED_OUT.contains(&code) => PortErrorKind::TimedOut,
        _ if DENIED.contains(&code) => PortErrorKind::Denied,
        _ if code == UNAVAILABLE => PortErrorKind::Unavailable,
        429 => PortErrorKind::Throttled,
        401 | 403 => PortErrorKind::Denied,
        500.. => PortErrorKind::Unavailable,
        _ => PortErrorKind::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_classed_by_their_code_then_by_their_status() {
        for (code, status, expected) in [
            ("SlowDown", 503, PortErrorKind::Throttled),
            ("ThrottlingException", 400, PortErrorKind::Throttled),
            ("ProvisionedThroughputExceededException", 400, PortErrorKind::Throttled),
            ("ConditionalRequestConflict", 409, PortErrorKind::Throttled),
            ("TransactionConflictException", 400, PortErrorKind::Throttled),
            ("Whatever", 429, PortErrorKind::Throttled),
            ("RequestTimeout", 400, PortErrorKind::TimedOut),
            ("ModelTimeoutException", 408, PortErrorKind::TimedOut),
            ("ModelErrorException", 424, PortErrorKind::Unavailable),
            ("ModelNotReadyException", 429, PortErrorKind::Throttled),
            ("AccessDenied", 403, PortErrorKind::Denied),
            ("AccessDeniedException", 400, PortErrorKind::Denied),
            ("UnrecognizedClientException", 400, PortErrorKind::Denied),
            ("Whatever", 403, PortErrorKind::Denied),
            ("InternalError", 500, PortErrorKind::Unavailable),
            ("ServiceUnavailable", 503, PortErrorKind::Unavailable),
            ("NoSuchBucket", 404, PortErrorKind::Invalid),
            ("ValidationException", 400, PortErrorKind::Invalid),
            ("", 301, PortErrorKind::Invalid),
        ] {
            assert_eq!(refusal(Some(code), status), expected, "{code} {status}");
        }
        assert_eq!(refusal(None, 503), PortErrorKind::Unavailable);
    }
}
