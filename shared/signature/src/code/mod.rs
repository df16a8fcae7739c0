//! Schemes that the model cannot express, one small file each.
//!
//! A module reads a request and says what would have to be signed. It never sees a
//! secret and never compares: that is done in one place, the same for all.

mod adyen;
pub(crate) mod claim;
mod contentful;
mod dropbox_sign;
mod hook0;
mod mercado_pago;
mod plivo;
mod raw_json;
mod twilio;

use claim::Each;

use crate::Rejection;
use crate::definition::module::Module;
use crate::lookup::Lookup;

/// Hands over what the request claims, one claim after the other. All of them have to hold, under
/// one and the same secret, and there is at least one.
pub(crate) fn claims(
    module: Module,
    lookup: &Lookup<'_>,
    each: &mut Each<'_>,
) -> Result<(), Rejection> {
    match module {
        Module::Adyen => adyen::claims(lookup, each),
        Module::Contentful => contentful::claims(lookup, each),
        Module::DropboxSign => dropbox_sign::claims(lookup, each),
        Module::ExactOnline => raw_json::EXACT_ONLINE.claims(lookup, each),
        Module::Hook0 => hook0::claims(lookup, each),
        Module::MercadoPago => mercado_pago::claims(lookup, each),
        Module::Plivo => plivo::claims(lookup, each),
        Module::Treezor => raw_json::TREEZOR.claims(lookup, each),
        Module::Twilio => twilio::claims(lookup, each),
    }
}

/// The time that a module finds beside its signature, where a definition wants that one.
pub(crate) fn time_beside(module: Module, lookup: &Lookup<'_>) -> Option<String> {
    match module {
        Module::Hook0 => hook0::time(lookup),
        _ => None,
    }
}
