//! Where the services are.

use crate::config::Access;

/// Regions whose names begin like this are below another domain than `amazonaws.com` (AWS SDKs'
/// `partitions.json`, read 2026-11).
const ELSEWHERE: [(&str, &str); 6] = [
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
];

pub(super) fn sqs(access: &Access) -> String {
    named(access.sqs.as_deref()).unwrap_or_else(|| format!("https://{}", host(access, "sqs")))
}

pub(super) fn secrets(access: &Access) -> String {
    let ours = || format!("https://{}", host(access, "secretsmanager"));
    named(access.secrets.as_deref()).unwrap_or_else(ours)
}

/// A bucket is a subdomain, but not at an address that was named, which has none, and not with a
/// dot in its name, which no certificate covers.
pub(super) fn bucket(access: &Access, name: &str) -> String {
    let host = host(access, "s3");
    match named(access.s3.as_deref()) {
        Some(origin) => format!("{origin}/{name}"),
        None if name.contains('.') => format!("https://{host}/{name}"),
        None => format!("https://{name}.{host}"),
    }
}

fn named(url: Option<&str>) -> Option<String> {
    url.map(|url| url.trim_end_matches('/').to_owned())
}

fn host(access: &Access, service: &str) -> String {
    let region = access.region.as_str();
    let found = ELSEWHERE.iter().find(|(beginning, _)| region.starts_with(beginning));
    let domain = found.map_or("amazonaws.com", |(_, domain)| domain);
    format!("{service}.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(region: &str) -> Access {
        Access { region: region.to_owned(), ..Access::of("AKIDEXAMPLE", "secret", None) }
    }

    #[test]
    fn each_service_has_an_address_in_the_region() {
        let access = access("eu-central-1");
        assert_eq!(sqs(&access), "https://sqs.eu-central-1.amazonaws.com");
        assert_eq!(secrets(&access), "https://secretsmanager.eu-central-1.amazonaws.com");
        assert_eq!(bucket(&access, "kept"), "https://kept.s3.eu-central-1.amazonaws.com");
        assert_eq!(bucket(&access, "kept.x"), "https://s3.eu-central-1.amazonaws.com/kept.x");
    }

    #[test]
    fn some_regions_are_below_another_domain() {
        for (region, domain) in [
            ("us-gov-west-1", "amazonaws.com"),
            ("cn-north-1", "amazonaws.com.cn"),
            ("eusc-de-east-1", "amazonaws.eu"),
            ("us-iso-east-1", "c2s.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov"),
        ] {
            assert_eq!(sqs(&access(region)), format!("https://sqs.{region}.{domain}"));
        }
    }

    #[test]
    fn an_address_that_is_named_is_taken_and_has_no_subdomains() {
        let named = || Some("http://127.0.0.1:4566/".to_owned());
        let access =
            Access { s3: named(), sqs: named(), secrets: named(), ..access("eu-central-1") };
        assert_eq!(sqs(&access), "http://127.0.0.1:4566");
        assert_eq!(secrets(&access), "http://127.0.0.1:4566");
        assert_eq!(bucket(&access, "kept"), "http://127.0.0.1:4566/kept");
    }
}
