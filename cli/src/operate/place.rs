//! Where to look: exactly one place, over HTTP or in this process, and always through the same API.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use clap::Args;
use hookdock_console::{Problem, Trigger, api};
use hookdock_embedded::{QueueSettings, SystemClock};
use hookdock_operate::Operator;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::running::Running;
use crate::server::Local;

/// Where to look.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArguments {
    /// The folder of a `hookdock dev --data`, running or stopped
    #[arg(long, value_name = "DIR", conflicts_with_all = ["table", "dev"])]
    data: Option<PathBuf>,
    /// A `hookdock dev` that runs here; needed where there are several
    #[arg(long, value_name = "URL", conflicts_with = "table")]
    dev: Option<String>,
    /// A deployed stack: its output `LedgerTableName`
    #[arg(long, env = "HOOKDOCK_TABLE", hide_env = true, requires = "bucket")]
    table: Option<String>,
    /// Its output `DeliveryBucketName`
    #[arg(long, env = "HOOKDOCK_BUCKET", hide_env = true, requires = "table")]
    bucket: Option<String>,
    /// Its output `EventQueueUrl`, for acts and `status`
    #[arg(
        long,
        env = "HOOKDOCK_QUEUE_URL",
        hide_env = true,
        value_name = "URL",
        requires = "table"
    )]
    queue_url: Option<String>,
    /// Its output `DeadLetterQueueUrl`
    #[arg(
        long,
        env = "HOOKDOCK_DEAD_LETTER_URL",
        hide_env = true,
        value_name = "URL",
        requires = "table"
    )]
    dead_letter_url: Option<String>,
    /// Where `hookdock dev` says that it runs
    #[arg(long, env = "XDG_RUNTIME_DIR", hide = true)]
    runtime_dir: Option<PathBuf>,
    /// Who acts
    #[arg(long, env = "USER", hide = true, default_value = "unknown")]
    actor: String,
}

/// The API of a place.
pub(crate) struct Api {
    /// The place's name.
    pub(crate) name: String,
    way: Way,
}

enum Way {
    Over(Running),
    Here(Router),
}

/// What the API refused, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.title)]
pub(crate) struct Refusal(pub(crate) Problem);

impl PlaceArguments {
    /// The API of the place that is meant.
    pub(crate) async fn open(&self) -> anyhow::Result<Api> {
        match self {
            Self { data: Some(folder), .. } => self.folder(folder).await,
            Self { table: Some(table), bucket: Some(bucket), .. } => {
                self.deployed(table, bucket).await
            }
            Self { dev, runtime_dir, .. } => {
                let mut running = Vec::new();
                for one in Running::all(runtime_dir.as_deref()) {
                    let meant = dev.as_ref().is_none_or(|url| url.trim_end_matches('/') == one.url);
                    if meant && is_there(&one).await {
                        running.push(one);
                    }
                }
                let several = running.iter().map(|one| one.url.clone()).collect::<Vec<_>>();
                match (running.pop(), &several[..]) {
                    (Some(one), [_]) => Ok(Api::over(one)),
                    (Some(_), _) => bail!("several run here: say --dev {}", several.join(" or ")),
                    (None, _) => bail!(
                        "no `hookdock dev` runs here; say where to look: --data DIR, or --table \
                         and --bucket of a stack"
                    ),
                }
            }
        }
    }

    /// The data of a process that runs is asked for over HTTP: nobody else can open it.
    async fn folder(&self, folder: &Path) -> anyhow::Result<Api> {
        if let Some(running) = Running::over(folder)
            && is_there(&running).await
        {
            return Ok(Api::over(running));
        }
        // Looking must not make what is looked for.
        if !folder.join("hookdock.redb").exists() {
            bail!("{} holds no data of hookdock dev", folder.display());
        }
        let local = Local::on_disk(folder, SystemClock, QueueSettings::default());
        let local = local.with_context(|| {
            format!("cannot read {}; another process has it open", folder.display())
        })?;
        let name = folder.display().to_string();
        let operator = Operator {
            place: local,
            name: name.clone(),
            actor: self.actor.clone(),
            configured: Vec::new(),
            system: SystemClock,
        };
        Ok(Api { name, way: Way::Here(api(operator)) })
    }

    #[cfg(feature = "aws")]
    async fn deployed(&self, table: &str, bucket: &str) -> anyhow::Result<Api> {
        let names = hookdock_aws::StackNames {
            table: table.to_owned(),
            bucket: bucket.to_owned(),
            queue_url: self.queue_url.clone(),
            dead_letter_url: self.dead_letter_url.clone(),
        };
        let place = hookdock_aws::operated(&hookdock_aws::Connection::default(), names).await;
        let operator = Operator {
            place,
            name: table.to_owned(),
            actor: self.actor.clone(),
            configured: Vec::new(),
            system: SystemClock,
        };
        Ok(Api { name: format!("table {table}"), way: Way::Here(api(operator)) })
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "the other one waits")]
    async fn deployed(&self, _: &str, _: &str) -> anyhow::Result<Api> {
        let Self { queue_url: _, dead_letter_url: _, .. } = self;
        bail!("this hookdock is built without the AWS SDK: cargo install --path cli --features aws")
    }
}

/// Whether it is this process that answers: one that was killed leaves its file behind, and another
/// may listen there by now.
async fn is_there(running: &Running) -> bool {
    let path = "/api/v1/openapi.json";
    let answer = over(running, Method::GET, path, http::HeaderMap::new(), Bytes::new()).await;
    answer.is_ok_and(|(status, _)| status.is_success())
}

impl Api {
    fn over(running: Running) -> Self {
        Self { name: format!("dev at {}", running.url), way: Way::Over(running) }
    }

    /// The answer to a `GET`.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Bytes> {
        self.ask(Request::get(path).body(Bytes::new())?).await
    }

    /// The answer to a `POST` of JSON.
    pub(crate) async fn post(
        &self,
        path: &str,
        asked: &serde_json::Value,
    ) -> anyhow::Result<Bytes> {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(asked)?.into())?;
        self.ask(request).await
    }

    /// The answer to an act on what had this etag when it was shown.
    pub(crate) async fn act(&self, asked: &serde_json::Value, etag: &str) -> anyhow::Result<Bytes> {
        let request = Request::post("/operations")
            .header(header::IF_MATCH, format!("\"{etag}\""))
            .header(header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(asked)?.into())?;
        self.ask(request).await
    }

    /// What a `hookdock dev` answers that is asked to sign a sample and send it.
    pub(crate) async fn trigger(&self, asked: &Trigger) -> anyhow::Result<Bytes> {
        self.is_dev()?;
        let request = Request::post("/trigger")
            .header(header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(asked)?.into())?;
        self.ask(request).await
    }

    /// Fails where there is no process that could sign, or that has refused anything.
    pub(crate) fn is_dev(&self) -> anyhow::Result<()> {
        match self.way {
            Way::Over(_) => Ok(()),
            Way::Here(_) => bail!("{} is no `hookdock dev` that runs", self.name),
        }
    }

    async fn ask(&self, request: Request<Bytes>) -> anyhow::Result<Bytes> {
        let (parts, body) = request.into_parts();
        let path = format!("/api/v1{}", parts.uri);
        let (status, answer) = match &self.way {
            Way::Here(router) => {
                let mut request = Request::builder().method(parts.method).uri(path);
                for (name, value) in &parts.headers {
                    request = request.header(name, value);
                }
                let answer = router.clone().oneshot(request.body(Body::from(body))?).await?;
                (answer.status(), answer.into_body().collect().await?.to_bytes())
            }
            Way::Over(running) => over(running, parts.method, &path, parts.headers, body).await?,
        };
        if status.is_success() {
            return Ok(answer);
        }
        let problem = serde_json::from_slice(&answer);
        Err(Refusal(problem.with_context(|| format!("an answer {status} without a reason"))?)
            .into())
    }
}

async fn over(
    running: &Running,
    method: Method,
    path: &str,
    headers: http::HeaderMap,
    body: Bytes,
) -> anyhow::Result<(StatusCode, Bytes)> {
    // What is on this machine is not asked for through a proxy, which would see the token.
    let asked = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .request(method, format!("{}{path}", running.url))
        .headers(headers)
        .bearer_auth(&running.token)
        .body(body)
        .send();
    let answer = asked.await.with_context(|| format!("{} does not answer", running.url))?;
    Ok((answer.status(), answer.bytes().await?))
}
