//! Why keys cannot be used.

/// Why an answer holds no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableKeys {
    /// It is larger than keys are.
    #[error("the answer is larger than keys are")]
    TooLarge,
    /// It is not JSON, or no key is where it should be.
    #[error("the answer holds no key where it should be")]
    NoKey,
    /// It is not a chain of X.509 certificates.
    #[error("the answer is not a chain of certificates")]
    NoCertificate,
    /// No authority that is trusted vouches for the certificate, or not at this time.
    #[error("the certificate is not vouched for by a trusted authority")]
    Untrusted,
    /// The certificate is somebody else's.
    #[error("the certificate is not for the provider's name")]
    WrongSubject,
    /// This build cannot read keys.
    #[error("this build cannot read public keys")]
    Unsupported,
}
