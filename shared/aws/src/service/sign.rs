//! Signatures of requests to AWS, Signature Version 4, made by the SDK's own signer.

use std::time::SystemTime;

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningInstructions,
    SigningParams, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use hookdock_signature::EpochMillis;
use http::{HeaderValue, Request};

use super::answer::CallError;
use crate::config::Access;

/// How a service wants its requests signed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Style {
    /// The path as it is, and the digest of the body in a header.
    S3,
    /// As all others do; this is the service's name.
    Json(&'static str),
}

/// Signs requests to one service.
#[derive(Debug)]
pub(super) struct Signer {
    identity: Identity,
    region: String,
    service: &'static str,
    settings: SigningSettings,
}

impl Signer {
    /// The credentials of a function live as long as its process.
    pub(super) fn new(access: &Access, style: Style) -> Self {
        let mut settings = SigningSettings::default();
        let service = match style {
            Style::Json(service) => service,
            Style::S3 => {
                settings.percent_encoding_mode = PercentEncodingMode::Single;
                settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
                settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
                "s3"
            }
        };
        let identity = access.credentials.clone().into();
        Self { identity, region: access.region.clone(), service, settings }
    }

    /// The request, signed at that time. The body is covered: the service refuses one that was
    /// changed on the way.
    pub(super) fn signed(
        &self,
        request: &Request<Bytes>,
        at: EpochMillis,
    ) -> Result<Request<Bytes>, CallError> {
        let mut signed = request.clone();
        let (headers, _none_in_the_query) = self.sign(request, at)?.into_parts();
        for header in headers {
            let mut value = HeaderValue::try_from(header.value()).map_err(CallError::unsigned)?;
            value.set_sensitive(header.sensitive());
            signed.headers_mut().insert(header.name(), value);
        }
        Ok(signed)
    }

    fn sign(
        &self,
        request: &Request<Bytes>,
        at: EpochMillis,
    ) -> Result<SigningInstructions, CallError> {
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(self.service)
            .time(time(at))
            .settings(self.settings.clone())
            .build()
            .map_err(CallError::unsigned)?;
        let headers = request.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            headers,
            SignableBody::Bytes(request.body()),
        );
        let signable = signable.map_err(CallError::unsigned)?;
        let signing = sign(signable, &SigningParams::V4(params)).map_err(CallError::unsigned)?;
        Ok(signing.into_parts().0)
    }
}

fn time(at: EpochMillis) -> SystemTime {
    SystemTime::UNIX_EPOCH + EpochMillis::new(0).until(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2013-05-24T00:00:00Z
    const AT: EpochMillis = EpochMillis::new(1_369_353_600_000);

    fn signed(access: &Access, style: Style, request: &Request<Bytes>) -> Request<Bytes> {
        Signer::new(access, style).signed(request, AT).expect("signed")
    }

    fn access(token: Option<&str>) -> Access {
        Access::of("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", token)
    }

    /// Amazon S3 API reference, "Signature calculations for the authorization header", example
    /// "PUT object" (read 2026-11).
    #[test]
    fn the_documented_request_to_s3_has_the_documented_signature() {
        let request = Request::put("https://examplebucket.s3.amazonaws.com/test%24file.text")
            .header("date", "Fri, 24 May 2013 00:00:00 GMT")
            .header("x-amz-storage-class", "REDUCED_REDUNDANCY")
            .body(Bytes::from_static(b"Welcome to Amazon S3."))
            .expect("a request");
        let signed = signed(&access(None), Style::S3, &request);
        assert_eq!(
            signed.headers()["authorization"],
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, \
             Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
        assert_eq!(signed.headers()["x-amz-date"], "20130524T000000Z");
        assert_eq!(
            signed.headers()["x-amz-content-sha256"],
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
        );
        assert_eq!(signed.body(), request.body());
    }

    #[test]
    fn a_session_s_token_is_sent_signed_and_not_shown() {
        let request = Request::post("https://sqs.us-east-1.amazonaws.com")
            .body(Bytes::from_static(b"{}"))
            .expect("a request");
        let signed = signed(&access(Some("a token")), Style::Json("sqs"), &request);
        assert_eq!(signed.headers()["x-amz-security-token"], "a token");
        assert!(!format!("{signed:?}").contains("a token"));
        let authorization = signed.headers()["authorization"].to_str().expect("text");
        assert!(authorization.contains("/20130524/us-east-1/sqs/aws4_request"), "{authorization}");
        assert!(authorization.contains("x-amz-date;x-amz-security-token"), "{authorization}");
    }
}
