//! Every definition that can sign verifies what it signed, and nothing near it.

use hookdock_signature::{
    EpochMillis, Headers, Provider, Rejection, Request, Secret, SignError, catalog, sign, verify,
};

use crate::support::{Case, is_verifiable};

/// Good as text, as hex and as base64.
const SECRET: &str = "abcdefabcdef0123";
const OTHER: &str = "abcdefabcdef0124";
const BODY: &[u8] = br#"{"id":"evt_1","payloadId":"p1","webhookTimestamp":1800000000000,"timestamp":"1","payload":"p"}"#;
const NOW: EpochMillis = EpochMillis::new(1_800_000_000_000);
const URL: &str = "https://hooks.example/x?tenant=1";

fn configured(id: &str) -> Provider {
    let provider = catalog::find(id).unwrap();
    let names: Vec<String> = provider.settings().map(|(name, _)| name.to_owned()).collect();
    names.iter().fold(provider, |provider, name| provider.configure(name, "X-Set-Here").unwrap())
}

/// Headers that enter the message beside the time.
fn signed_headers(provider: &Provider) -> Vec<(String, String)> {
    let named = provider.scheme().message().unwrap_or_default().split("{header:").skip(1);
    let names = named.filter_map(|rest| rest.split('}').next());
    names.map(|name| (name.to_owned(), "msg_1".to_owned())).collect()
}

fn try_it(provider: &Provider, secret: &str, headers: &Headers, body: &[u8]) -> Option<Rejection> {
    let request = Request { method: "POST", url: URL, headers, body };
    let secret = Secret::new("s0", secret).unwrap();
    verify(provider, &[secret], &request, NOW).err()
}

/// The headers of a good delivery, unless the secret travels in the body or the URL.
fn delivery(provider: &Provider) -> Option<Headers> {
    let mut headers = Headers::from_iter(signed_headers(provider));
    let draft = Request { method: "POST", url: URL, headers: &headers, body: BODY };
    let secret = Secret::new("s0", SECRET).unwrap();
    match sign(provider, &secret, &draft, NOW) {
        Ok(made) => {
            headers.extend(made);
            Some(headers)
        }
        Err(SignError::NotInHeader | SignError::NotShared { .. }) => None,
        Err(error) => panic!("{}: {error}", provider.id()),
    }
}

/// A good delivery, where the library can make one.
pub(crate) fn made(id: &str) -> Option<Case> {
    let provider = configured(id);
    let headers = delivery(&provider)?;
    let headers = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Case {
        secrets: vec![SECRET.to_owned()],
        method: "POST".to_owned(),
        url: URL.to_owned(),
        headers: headers.collect(),
        body: BODY.to_vec(),
        now_ms: NOW.get(),
        provider,
    })
}

#[test]
fn what_a_definition_signs_it_verifies_and_nothing_else() {
    let mut count = 0;
    for id in catalog::ids() {
        let provider = configured(id);
        let Some(headers) = delivery(&provider) else { continue };
        count += 1;
        assert_eq!(try_it(&provider, SECRET, &headers, BODY), None, "{id}");
        let other = try_it(&provider, OTHER, &headers, BODY);
        assert_eq!(other, Some(Rejection::Mismatch), "{id}");
        if provider.scheme().message().is_some_and(|message| message.contains("{body}")) {
            let longer = [BODY, b"\n"].concat();
            let altered = try_it(&provider, SECRET, &headers, &longer);
            assert_eq!(altered, Some(Rejection::Mismatch), "{id}");
        }
    }
    assert!(count > 195, "{count}");
}

#[test]
fn a_request_without_anything_is_refused_by_every_definition() {
    for id in catalog::ids() {
        let provider = configured(id);
        if is_verifiable(&provider) {
            let rejection = try_it(&provider, SECRET, &Headers::default(), b"").unwrap();
            assert!(!rejection.is_ours(), "{id}: {rejection}");
        }
    }
}
