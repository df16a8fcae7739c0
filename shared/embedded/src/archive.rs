//! Stored deliveries, alone and in packs.

use bytes::Bytes;
use hookdock_pipeline::delivery::object_key::ObjectKey;
use hookdock_pipeline::delivery::pack::Pack;
use hookdock_pipeline::delivery::sealed::SealedDelivery;
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::{Archive, Conditional, Deliveries, Packs};
use redb::ReadableTable as _;

use crate::Embedded;
use crate::store::{OBJECTS, keep};

impl<S: Send + Sync> Archive for Embedded<S> {
    async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
        let object = &delivery.reference().object;
        self.insert("store the delivery", object, delivery.object()).await
    }

    async fn put_once(&self, delivery: &SealedDelivery) -> Result<Conditional<()>, PortError> {
        let key = delivery.reference().object.clone();
        let object = delivery.object().clone();
        self.store
            .write("store the delivery", move |transaction| {
                let objects = transaction.open_table(OBJECTS)?;
                keep(objects, key.as_str(), &object)
            })
            .await
    }
}

impl<S: Send + Sync> Deliveries for Embedded<S> {
    async fn read(&self, object: &ObjectKey) -> Result<Option<Bytes>, PortError> {
        self.named(object.as_str())
    }

    async fn pack(&self, pack: &Pack) -> Result<(), PortError> {
        self.insert("pack the deliveries", pack.object(), pack.lines()).await
    }
}

impl<S: Send + Sync> Packs for Embedded<S> {
    async fn packs(&self, beginning: &str) -> Result<Vec<ObjectKey>, PortError> {
        self.store.read("list the packs", |snapshot| {
            let objects = snapshot.open_table(OBJECTS)?;
            let mut names = Vec::new();
            for entry in objects.range(beginning..)? {
                let name = entry?.0.value().to_owned();
                if !name.starts_with(beginning) {
                    break;
                }
                names.push(ObjectKey::listed(name));
            }
            Ok(names)
        })
    }
}

impl<S> Embedded<S> {
    async fn insert(
        &self,
        action: &'static str,
        key: &ObjectKey,
        object: &Bytes,
    ) -> Result<(), PortError> {
        let (key, object) = (key.clone(), object.clone());
        self.store
            .write(action, move |transaction| {
                let mut objects = transaction.open_table(OBJECTS)?;
                objects.insert(key.as_str(), object.as_ref())?;
                Ok(())
            })
            .await
    }

    /// Removes a stored delivery, as an expiry rule would.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn expire(&self, object: &ObjectKey) -> Result<(), PortError> {
        let key = object.clone();
        self.store
            .write("remove the delivery", move |transaction| {
                transaction.open_table(OBJECTS)?.remove(key.as_str())?;
                Ok(())
            })
            .await
    }

    /// The object of a delivery alone and its name, if there is one.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn stored(&self, delivery: &DeliveryId) -> Result<Option<(String, Bytes)>, PortError> {
        let file = format!("/{delivery}.json");
        self.store.read("look for the delivery", |snapshot| {
            for entry in snapshot.open_table(OBJECTS)?.iter()? {
                let (name, object) = entry?;
                if name.value().ends_with(&file) {
                    let object = Bytes::copy_from_slice(object.value());
                    return Ok(Some((name.value().to_owned(), object)));
                }
            }
            Ok(None)
        })
    }

    /// The stored object of that name, if there is one.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn named(&self, name: &str) -> Result<Option<Bytes>, PortError> {
        self.store.read("read the delivery", |snapshot| {
            let found = snapshot.open_table(OBJECTS)?.get(name)?;
            Ok(found.map(|object| Bytes::copy_from_slice(object.value())))
        })
    }

    /// The names of all stored deliveries, in order.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub fn objects(&self) -> Result<Vec<String>, PortError> {
        self.store.read("list the deliveries", |snapshot| {
            let objects = snapshot.open_table(OBJECTS)?;
            let names = objects.iter()?.map(|entry| Ok(entry?.0.value().to_owned()));
            names.collect()
        })
    }
}
