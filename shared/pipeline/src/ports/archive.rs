//! Where deliveries are kept.

use bytes::Bytes;

use crate::delivery::object_key::ObjectKey;
use crate::delivery::pack::Pack;
use crate::delivery::sealed::SealedDelivery;
use crate::model::port_error::PortError;
use crate::ports::conditional::Conditional;

/// Where deliveries are kept. Only a verified delivery can be sealed, so nothing else gets in.
pub trait Archive: Send + Sync {
    /// Keeps the delivery; when this returns `Ok` it is durable.
    fn put(&self, delivery: &SealedDelivery) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Keeps the delivery unless its object's name is taken; decided atomically, so that of
    /// several that carry the same event one is told that it is new. On an error it may be kept.
    fn put_once(
        &self,
        delivery: &SealedDelivery,
    ) -> impl Future<Output = Result<Conditional<()>, PortError>> + Send;
}

/// What the processor reads deliveries from, and packs those into that come in their messages.
pub trait Deliveries: Send + Sync {
    /// The stored object. `None`: it is not there.
    fn read(
        &self,
        object: &ObjectKey,
    ) -> impl Future<Output = Result<Option<Bytes>, PortError>> + Send;

    /// Keeps the pack; when this returns `Ok` it is durable.
    fn pack(&self, pack: &Pack) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// The packs, for people who look for a delivery by its id.
pub trait Packs: Send + Sync {
    /// The names that begin so, in order.
    fn packs(
        &self,
        beginning: &str,
    ) -> impl Future<Output = Result<Vec<ObjectKey>, PortError>> + Send;
}
