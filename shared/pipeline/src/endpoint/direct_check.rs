//! What is refused while an endpoint is read.

use hookdock_signature::{Class, Provider};
use http::Uri;

use crate::endpoint::direct::{Direct, DirectSpec, Target};

/// The only risk that can be stated.
const LOW: &str = "low";

/// On this machine, where `hookdock dev` runs, TLS protects nobody.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Direct {
    /// Checks a written direct mode, given who sends.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, one sentence each; the URL is not quoted.
    pub fn check(spec: &DirectSpec, provider: &Provider) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let direct = kind(spec).map_err(|problem| problems.push(problem)).ok();
        problems.extend(sender(spec, provider));
        problems.extend(risk(spec, provider));
        problems.extend(several(provider));
        direct.filter(|_| problems.is_empty()).ok_or(problems)
    }
}

fn kind(spec: &DirectSpec) -> Result<Direct, String> {
    let url = spec.url.as_deref();
    match (spec.kind.as_str(), url) {
        ("log", None) => Ok(Direct::Log),
        ("counter", None) => Ok(Direct::Counter),
        ("notice", Some(url)) => target(url).map(Direct::Notice),
        ("internal", Some(url)) => target(url).map(Direct::Internal),
        (kind @ ("log" | "counter"), Some(_)) => {
            Err(format!("{kind} calls nobody, so it has no url"))
        }
        (kind @ ("notice" | "internal"), None) => Err(format!("{kind} needs a url")),
        (other, _) => Err(format!("{other:?} is none of log, counter, notice and internal")),
    }
}

fn target(url: &str) -> Result<Target, String> {
    let uri: Option<Uri> = url.parse().ok();
    let fit = uri.filter(|uri| is_private(uri) && !names_a_user(uri));
    fit.map(Target).ok_or_else(|| "the url is not one of https, without a user".to_owned())
}

fn is_private(uri: &Uri) -> bool {
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => THIS_MACHINE.contains(&host),
        _ => false,
    }
}

fn names_a_user(uri: &Uri) -> bool {
    uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
}

/// Whose events somebody would miss goes by the catalogue. What it does not know is refused too.
fn sender(spec: &DirectSpec, provider: &Provider) -> Option<String> {
    let (name, needs_word) = (provider.name(), spec.risk.as_deref() != Some(LOW));
    let about = match provider.class() {
        Some(Class::Tools) => return None,
        Some(Class::Any) if needs_word => {
            return Some(format!("{name} carries anything, so it needs risk = \"low\""));
        }
        Some(Class::Any) => return None,
        Some(Class::Money) => "money or goods",
        Some(Class::Access) => "who may use what",
        Some(Class::Ai) => "the work of a model",
        Some(Class::Customers) => "customers",
        _ => "what the catalogue does not know",
    };
    Some(format!("the events of {name} are about {about}; they go through the queue, to a job"))
}

fn risk(spec: &DirectSpec, provider: &Provider) -> Option<String> {
    let internal = spec.kind == "internal" && provider.class() != Some(Class::Any);
    match spec.risk.as_deref() {
        Some(LOW) => None,
        Some(_) => Some("the only risk that can be stated is \"low\"".to_owned()),
        None => internal.then(|| "internal needs risk = \"low\"".to_owned()),
    }
}

fn several(provider: &Provider) -> Option<String> {
    let name = provider.name();
    provider.items().filter(|items| items.are_several()).map(|_| {
        format!("{name} may put several events in one request, which the processor takes apart")
    })
}
