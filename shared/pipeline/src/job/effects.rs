//! What a job may reach.

use std::fmt;
use std::sync::Arc;

use crate::job::context::Context;
use crate::job::failure::{ErrorClass, Failure};
use crate::job::scoped::{ScopedDocuments, ScopedRecords};
use crate::ports::{Documents, Mail, Model, Notices, Records, Web};
use crate::scope::Scope;

/// The ports that jobs reach the world through. A job gets at them through its [`Context`].
///
/// ```
/// # use std::sync::Arc;
/// # use hookdock_pipeline::job::Effects;
/// # use hookdock_pipeline::ports::{Documents, Records};
/// # fn both<R: Records + 'static, D: Documents + 'static>(records: Arc<R>, documents: Arc<D>) -> Effects {
/// Effects { documents: Some(documents), ..Effects::new(records) }
/// # }
/// ```
#[derive(Clone)]
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

/// What jobs reach. But for the records, each is an error where it is not set up: a job that can
/// do without asks with `.ok()`.
impl Context {
    /// The business records of the event's tenant.
    #[must_use]
    pub fn records(&self) -> ScopedRecords<'_> {
        self.records_of(self.scope())
    }

    pub(super) fn records_of<'a>(&'a self, scope: &'a Scope) -> ScopedRecords<'a> {
        ScopedRecords::new(self.effects().records.as_ref(), scope)
    }

    /// The documents of the event's tenant.
    ///
    /// # Errors
    ///
    /// They are not set up here.
    pub fn documents(&self) -> Result<ScopedDocuments<'_>, Failure> {
        self.documents_of(self.scope())
    }

    pub(super) fn documents_of<'a>(
        &'a self,
        scope: &'a Scope,
    ) -> Result<ScopedDocuments<'a>, Failure> {
        let port = self.effects().documents.as_deref().ok_or_else(|| missing("documents are"))?;
        Ok(ScopedDocuments::new(port, scope))
    }

    /// E-mail.
    ///
    /// # Errors
    ///
    /// It is not set up here.
    pub fn mail(&self) -> Result<&dyn Mail, Failure> {
        self.effects().mail.as_deref().ok_or_else(|| missing("mail is"))
    }

    /// The language model.
    ///
    /// # Errors
    ///
    /// There is none set up here.
    pub fn model(&self) -> Result<&dyn Model, Failure> {
        self.effects().model.as_deref().ok_or_else(|| missing("a model is"))
    }

    /// The topic for notices.
    ///
    /// # Errors
    ///
    /// There is none set up here.
    pub fn notices(&self) -> Result<&dyn Notices, Failure> {
        self.effects().notices.as_deref().ok_or_else(|| missing("a topic is"))
    }

    /// Other people's APIs.
    ///
    /// # Errors
    ///
    /// The way to them is not set up here.
    pub fn web(&self) -> Result<&dyn Web, Failure> {
        self.effects().web.as_deref().ok_or_else(|| missing("the web is"))
    }
}

/// Settings are mended while retries go on.
fn missing(what: &str) -> Failure {
    Failure::passing(ErrorClass::Refused, format!("{what} not set up here"))
}

impl fmt::Debug for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effects").finish_non_exhaustive()
    }
}
