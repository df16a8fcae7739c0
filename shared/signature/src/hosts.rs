//! Which URLs may be called: the host is the definition's or the operator's, never a request's.

/// Longer than any key's id.
const MAX_ID: usize = 200;

/// An id goes into a path, and must not lead out of it.
pub(crate) fn is_id(id: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'=');
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(plain) && !id.starts_with('.')
}

/// Whether a URL from a request is one of the provider's own: letter by letter, so that there
/// is no way to write another host, a port, a user, a query, or a step up.
pub(crate) fn is_named(url: &str, hosts: &[String], before_id: &str, after_id: &str) -> bool {
    let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    // The split took the first slash of both paths.
    let before_id = before_id.trim_start_matches('/');
    let id = path.strip_prefix(before_id).and_then(|rest| rest.strip_suffix(after_id));
    hosts.iter().any(|pattern| is_host(host, pattern)) && id.is_some_and(is_id)
}

/// Whether a URL that a signed request asks to have fetched is the provider's own: the root of
/// one of its hosts, and a query.
pub(crate) fn may_visit(url: &str, hosts: &[String]) -> bool {
    let rest = url.strip_prefix("https://").and_then(|rest| rest.split_once("/?"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%&=:+".contains(&byte);
    rest.is_some_and(|(host, query)| {
        hosts.iter().any(|pattern| is_host(host, pattern)) && query.bytes().all(plain)
    })
}

/// `{region}` stands for the name of an AWS region, such as `us-gov-west-1`. The shape matters:
/// `sns.s3-us-west-2.amazonaws.com` is somebody's bucket.
fn is_host(host: &str, pattern: &str) -> bool {
    let Some((before, after)) = pattern.split_once("{region}") else {
        return host == pattern;
    };
    let region = host.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    region.is_some_and(is_region)
}

/// Two or four letters, words, and a digit: `us-gov-west-1`, `eusc-de-east-1`.
fn is_region(name: &str) -> bool {
    let Some((words, digit)) = name.rsplit_once('-').filter(|_| name.len() <= 32) else {
        return false;
    };
    let letters = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let digit = digit.len() == 1 && digit.bytes().all(|b| b.is_ascii_digit());
    let place = words.split_once('-').is_some_and(|(place, _)| matches!(place.len(), 2 | 4));
    digit && place && words.split('-').all(letters)
}

/// What an operator may write: a host, a port, a path.
pub(crate) fn is_plain_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/=".contains(&byte);
    rest.bytes().all(plain)
        && !rest.is_empty()
        && !rest.starts_with(['/', ':', '.'])
        && !rest.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_request_cannot_choose_the_host_of_a_certificate() {
        let sns = hosts(&["sns.{region}.amazonaws.com", "sns.{region}.amazonaws.com.cn"]);
        let is_sns = |url: &str| is_named(url, &sns, "/", ".pem");
        for url in [
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem",
        ] {
            assert!(is_sns(url), "{url}");
        }
        for url in [
            "https://sns.s3-us-west-2.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com.evil.com/a.pem",
            "https://evil.com/sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com@evil.com/a.pem",
            "https://evil.com#.sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com:444/a.pem",
            "https://sns.evil.com/.us-east-1.amazonaws.com/a.pem",
            "https://sns.evil.com?.us-east-1.amazonaws.com/a.pem",
            "https://sns.a.b.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com./a.pem",
            "https://SNS.us-east-1.amazonaws.com/a.pem",
            "https://sns.US-EAST-1.amazonaws.com/a.pem",
            "https://sns..amazonaws.com/a.pem",
            "https://s3.us-east-1.amazonaws.com/a.pem",
            "http://sns.us-east-1.amazonaws.com/a.pem",
            "HTTPS://sns.us-east-1.amazonaws.com/a.pem",
            "//sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com/a.pem?b.pem",
            "https://sns.us-east-1.amazonaws.com/a.pem#b.pem",
            "https://sns.us-east-1.amazonaws.com/../a.pem",
            "https://sns.us-east-1.amazonaws.com/%2e%2e/a.pem",
            "https://sns.us-east-1.amazonaws.com/a/b.pem",
            "https://sns.us-east-1.amazonaws.com/.pem",
            "https://sns.us-east-1.amazonaws.com/..pem",
            "https://sns.us-east-1.amazonaws.com/a.crt",
            "https://sns.us-east-1.amazonaws.com//a.pem",
            "https://sns.us-east-1.amazonaws.com\\@evil.com/a.pem",
            " https://sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com",
            "",
        ] {
            assert!(!is_sns(url), "{url}");
        }
    }

    #[test]
    fn an_id_does_not_leave_its_place_in_the_path() {
        for id in ["879dc113-5ca4-4ff7-a6b7-54652083fcf8", "a", "key_1.2", "AbC="] {
            assert!(is_id(id), "{id}");
        }
        let long = "a".repeat(201);
        for id in ["", "..", ".a", "a/b", "a%2fb", "a?b", "a#b", "a b", "a\n", "\u{e4}", &long] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn an_operator_s_url_is_a_host_and_a_path_over_tls() {
        for url in ["https://acme.kinde.com/jwks", "https://auth.example:9011/a/b.json"] {
            assert!(is_plain_url(url), "{url}");
        }
        for url in [
            "http://acme.kinde.com/jwks",
            "https://",
            "https:///jwks",
            "https://user@acme.com/jwks",
            "https://acme.com/jwks?a=b",
            "https://acme.com/jwks#a",
            "https://acme.com/../jwks",
            "https://acme.com /jwks",
            "https://[::1]/jwks",
            "acme.com/jwks",
        ] {
            assert!(!is_plain_url(url), "{url}");
        }
    }
}
