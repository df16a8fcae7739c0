//! Whose something is that a job keeps or calls.
//!
//! The senders of one tenant must not reach what another tenant keeps, and they choose the ids. So
//! no record, document, entity or breaker is found by its id alone: [`Scope`] makes the key, and
//! nothing else does.

use crate::model::names::{CellName, DependencyName, EndpointId, JobName, TenantId};

/// Between the parts of a key. The names of endpoints and tenants cannot hold it, and a URL can as
/// it is (RFC 3986, 2.3: unreserved).
const SEPARATOR: char = '~';

/// The longest id that a record can have within its scope, in bytes. `DynamoDB` takes 1024 bytes
/// as a sort key ("Quotas", read 2026-11); the longest names of an endpoint and a tenant with
/// their separators take 193.
pub const LONGEST_ID_BYTES: usize = 1024 - (63 + 1 + 128 + 1);

/// Whose something is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One tenant's of an endpoint, or the endpoint's for the events that have no tenant.
    Own {
        /// The endpoint that the event came to.
        endpoint: EndpointId,
        /// The tenant whose event it is.
        tenant: Option<TenantId>,
    },
    /// Shared by all tenants of all endpoints.
    Shared,
}

impl Scope {
    /// What all tenants of all endpoints share.
    pub const SHARED: &Self = &Self::Shared;

    /// The key of what is called `id` in this scope: `{endpoint}~{tenant}~{id}`. The tenant is
    /// empty where there is none, and so is the endpoint of what is shared. No other scope or id
    /// has that key. It can stand in a URL if the id can.
    #[must_use]
    pub fn key(&self, id: &str) -> String {
        let (endpoint, tenant) = match self {
            Self::Own { endpoint, tenant } => (endpoint.as_str(), tenant.as_ref()),
            Self::Shared => ("", None),
        };
        let tenant = tenant.map_or("", TenantId::as_str);
        format!("{endpoint}{SEPARATOR}{tenant}{SEPARATOR}{id}")
    }

    /// The cell in which the failures of this scope's calls of a dependency are counted. The same
    /// name at another place is another dependency.
    #[must_use]
    pub fn breaker_cell(&self, dependency: &DependencyName, place: &str) -> CellName {
        CellName::of("breaker", dependency.as_str(), &self.key(place))
    }

    /// The cell that says which event is the newest of this scope's entity, as a job calls it.
    #[must_use]
    pub fn entity_cell(&self, job: &JobName, entity: &str) -> CellName {
        CellName::of("entity", job.as_str(), &self.key(entity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(endpoint: &str, tenant: Option<&str>) -> Scope {
        Scope::Own {
            endpoint: endpoint.parse().expect("a name"),
            tenant: tenant.map(|tenant| tenant.parse().expect("a name")),
        }
    }

    #[test]
    fn a_key_says_whose_it_is() {
        for (scope, key) in [
            (own("stripe", Some("acme")), "stripe~acme~cs_1"),
            (own("stripe", None), "stripe~~cs_1"),
            (Scope::Shared, "~~cs_1"),
        ] {
            assert_eq!(scope.key("cs_1"), key);
        }
    }

    #[test]
    fn no_name_can_hold_the_separator() {
        assert!("a~b".parse::<EndpointId>().is_err());
        assert!("a~b".parse::<TenantId>().is_err());
    }

    #[test]
    fn the_longest_id_fits_a_sort_key_with_the_longest_names() {
        let scope = own(&"e".repeat(63), Some(&"t".repeat(128)));
        assert_eq!(scope.key(&"i".repeat(LONGEST_ID_BYTES)).len(), 1024);
        assert!("e".repeat(64).parse::<EndpointId>().is_err());
        assert!("t".repeat(129).parse::<TenantId>().is_err());
    }
}
