//! What a running `dev` does for the person beside it: it signs samples, and explains refusals. Its
//! secrets stay in it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use hookdock_console::{Dev, Explained, RefusedRequest, Trigger, Triggered, Which};
use hookdock_embedded::{EndpointFile, SystemClock};
use hookdock_operate::{Code, Trouble};
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::model::names::{EndpointId, TenantId};
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::Endpoints as _;

use crate::input::SecretFile;
use crate::server::LocalIngest;
use crate::server::refusals::{Refusals, Refused};
use crate::trigger::{Sender, Signing};
use crate::verify::judged;

/// What it needs.
pub(super) struct Desk {
    pub(super) ingest: Arc<LocalIngest>,
    pub(super) endpoints: EndpointFile,
    pub(super) refusals: Arc<Refusals>,
    /// Where webhooks are taken.
    pub(super) webhooks: SocketAddr,
}

impl Dev for Desk {
    async fn trigger(&self, asked: &Trigger) -> Result<Triggered, Trouble> {
        let sent = self.send(asked).await;
        sent.map_err(|error| {
            Trouble::new(Code::BadRequest, "nothing was sent", format!("{error:#}"))
        })
    }

    fn refused(&self) -> Vec<RefusedRequest> {
        self.refusals.lines()
    }

    async fn explain(&self, which: Which) -> Result<Explained, Trouble> {
        let unknown = || {
            let why = "it was not refused since the start, or is not among the last 200";
            Trouble::new(Code::NotFound, "no such request is kept", why).next("hookdock explain")
        };
        let refused = self.refusals.find(which).ok_or_else(unknown)?;
        self.explained(&refused).await.map_err(|error| {
            Trouble::new(Code::Unavailable, "it could not be explained", format!("{error:#}"))
        })
    }
}

impl Desk {
    async fn send(&self, asked: &Trigger) -> anyhow::Result<Triggered> {
        let tenant: Option<TenantId> = asked.tenant.as_deref().map(str::parse).transpose()?;
        let id = self.meant(asked)?;
        // A secret that the provider handed over is not in the file.
        let endpoint = self.ingest.endpoints.find(&id).await?.context("the endpoint is gone")?;
        let secrets = endpoint.secrets(tenant.as_ref(), SystemClock.now());
        let secret = secrets.and_then(|secrets| secrets.into_iter().next());
        let secret = secret.with_context(|| format!("endpoint {id} has no secret for this URL"))?;
        let path = self.url(&endpoint, tenant.as_ref());
        let url = self.ingest.stated_url(&endpoint, tenant.as_ref(), &path);
        let signing = Signing {
            provider: endpoint.provider().clone(),
            secret: Some(secret),
            url: url.unwrap_or_else(|| path.clone()),
        };
        Sender::of(signing).send(asked, id.as_str(), &path).await
    }

    /// The endpoint that is named, or the only one of the provider.
    fn meant(&self, asked: &Trigger) -> anyhow::Result<EndpointId> {
        let Trigger { provider, endpoint, .. } = asked;
        let mut fitting = self.endpoints.iter().filter(|known| match endpoint {
            Some(name) => known.id().as_str() == name,
            None => known.provider().id() == provider,
        });
        let found = fitting.next().ok_or_else(|| self.without(provider, endpoint.as_deref()))?;
        if let Some(other) = fitting.next() {
            bail!(
                "{provider} has several endpoints: say --endpoint {} or {}",
                found.id(),
                other.id()
            );
        }
        if found.provider().id() != provider {
            bail!("endpoint {} is of {}, not of {provider}", found.id(), found.provider().id());
        }
        Ok(found.id().clone())
    }

    fn without(&self, provider: &str, endpoint: Option<&str>) -> anyhow::Error {
        let what = match endpoint {
            Some(name) => format!("there is no endpoint {name:?}"),
            None => format!(
                "no endpoint has the provider {provider}; put this into the file of endpoints and \
                 start again: [endpoints.{provider}] provider = {provider:?}, secrets = [\"...\"]"
            ),
        };
        anyhow!("{what}; there are: {}", self.names())
    }

    /// The endpoint's URL on this machine.
    fn url(&self, endpoint: &Endpoint, tenant: Option<&TenantId>) -> String {
        let mut address = self.webhooks;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let tenant = tenant.map(|tenant| format!("/{tenant}")).unwrap_or_default();
        format!("http://{address}/webhooks/{}{tenant}", endpoint.id())
    }

    async fn explained(&self, refused: &Refused) -> anyhow::Result<Explained> {
        let line = &refused.line;
        let report = match self.judged(refused).await {
            Ok(report) => report,
            Err(reason) => {
                let text = format!("{}\n  note     {reason:#}", told(line));
                return Ok(Explained { request: line.clone(), text, report: None });
            }
        };
        // What was not refused for its signature may have a wrong one all the same.
        let is_the_reason = report.code() == Some(&*line.code);
        let first = if is_the_reason { headline(line) } else { told(line) };
        let text = format!("{first}\n{}", report.text());
        let report = serde_json::to_value(&report)?.as_object().cloned();
        Ok(Explained { request: line.clone(), text, report })
    }

    /// What the verifier says of the signature now, with all that was known then.
    async fn judged(&self, refused: &Refused) -> anyhow::Result<crate::verify::Report> {
        let (endpoint, tenant) = self.addressed(&refused.line.path).await?;
        let mut request = refused.whole.clone().context(
            "the whole request is not kept: its body was not read, or it is not among the last 20 \
             of 1 MiB together",
        )?;
        if let Some(stated) = self.ingest.stated_url(&endpoint, tenant.as_ref(), &request.url) {
            request.url = stated;
        }
        let secrets = endpoint.secrets(tenant.as_ref(), refused.at).unwrap_or_default();
        let secrets: Vec<SecretFile> = secrets.iter().map(SecretFile::of).collect();
        if secrets.is_empty() {
            bail!("endpoint {} has no secret for this URL", endpoint.id());
        }
        let report = judged(endpoint.provider(), &secrets, &request, refused.at, true)?;
        Ok(report.by(&request.method, endpoint.provider()))
    }

    /// The endpoint as it is used, with a secret that its provider handed over.
    async fn addressed(&self, path: &str) -> anyhow::Result<(Arc<Endpoint>, Option<TenantId>)> {
        let mut parts = path.trim_start_matches("/webhooks/").split('/');
        let name: EndpointId = parts.next().unwrap_or_default().parse()?;
        let tenant = parts.next().map(str::parse).transpose()?;
        let known = self.ingest.endpoints.find(&name).await?;
        let known =
            known.with_context(|| format!("the file has these endpoints: {}", self.names()))?;
        Ok((known, tenant))
    }

    fn names(&self) -> String {
        let names = self.endpoints.iter().map(|known| known.id().as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

fn headline(line: &RefusedRequest) -> String {
    let RefusedRequest { number, at, method, path, status, code, .. } = line;
    format!("request {number}: {method} {path} at {at:.0}, answered {status} ({code})")
}

fn told(line: &RefusedRequest) -> String {
    format!("{}\n  why      {}", headline(line), line.why)
}
