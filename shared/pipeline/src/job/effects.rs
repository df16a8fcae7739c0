//! What a job may reach.

use std::sync::Arc;

use derive_more::Debug;

use crate::ports::{Documents, Mail, Model, Notices, Records, Web};

/// The ports that jobs reach the world through. A job gets at them through its [`Context`](crate::job::Context).
///
/// ```
/// # use std::sync::Arc;
/// # use hookdock_pipeline::job::Effects;
/// # use hookdock_pipeline::ports::{Documents, Records};
/// # fn both<R: Records + 'static, D: Documents + 'static>(records: Arc<R>, documents: Arc<D>) -> Effects {
/// Effects { documents: Some(documents), ..Effects::new(records) }
/// # }
/// ```
#[derive(Clone, Debug)]
#[debug("Effects")]
pub struct Effects {
    /// The business records.
    pub records: Arc<dyn Records>,
    /// The documents.
    pub documents: Option<Arc<dyn Documents>>,
    /// E-mail.
    pub mail: Option<Arc<dyn Mail>>,
    /// The language model.
    pub model: Option<Arc<dyn Model>>,
    /// The topic for notices.
    pub notices: Option<Arc<dyn Notices>>,
    /// Other people's APIs.
    pub web: Option<Arc<dyn Web>>,
}

impl Effects {
    /// The records; nothing else is set up.
    #[must_use]
    pub fn new(records: Arc<dyn Records>) -> Self {
        Self { records, documents: None, mail: None, model: None, notices: None, web: None }
    }
}
