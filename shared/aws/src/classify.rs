//! What went wrong in an AWS call, decided once and here.

use hookdock_pipeline::model::port_error::FaultKind;

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
pub(crate) fn refusal(code: Option<&str>, status: u16) -> FaultKind {
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
    use super::*;

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
            assert_eq!(refusal(Some(code), status), expected, "{code} {status}");
        }
        assert_eq!(refusal(None, 503), FaultKind::Unavailable);
    }
}
