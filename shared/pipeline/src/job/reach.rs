//! What a job reaches through its context.

use crate::job::context::Context;
use crate::job::scoped::{ScopedDocuments, ScopedRecords};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::scope::Scope;
use crate::ports::{Mail, Model, Notices, Web};

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

/// Settings are fixed while retries go on.
fn missing(what: &str) -> Failure {
    Failure::transient(ErrorClass::Refused, format!("{what} not set up here"))
}
