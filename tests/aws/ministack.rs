//! A local stand-in for AWS with what Hookdock needs in it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hookdock_aws::Connection;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

const REGION: &str = "eu-central-1";

/// A MiniStack that is stopped when it is dropped, also by a failing test.
pub(crate) struct MiniStack {
    child: Child,
    url: String,
    client: Client,
    data: PathBuf,
}

impl MiniStack {
    /// Starts it and makes the bucket, the queues and the tables.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with more in its environment.
    pub(crate) async fn start_with(environment: &[(&str, &str)]) -> Self {
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ministack-{port}"));
        std::fs::create_dir_all(&data).expect("a folder");
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ministack/bin/ministack");
        let child = Command::new(program)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_REGION", REGION)
            .envs(environment.iter().copied())
            .current_dir(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`tests/run tools` installs it");
        let ministack = Self { child, url, client: Client::new(), data };
        ministack.wait_until_ready().await;
        ministack.furnish().await;
        ministack
    }

    /// How the SDK reaches it.
    pub(crate) fn connection(&self) -> Connection {
        Connection {
            endpoint_url: Some(self.url.clone()),
            region: Some(REGION.to_owned()),
            access_key: Some(("test".to_owned(), "test".to_owned())),
        }
    }

    /// What the functions' environment says.
    pub(crate) fn setting(&self, name: &str) -> String {
        match name {
            "AWS_ENDPOINT_URL" => self.url.clone(),
            "AWS_REGION" => REGION.to_owned(),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test".to_owned(),
            "HOOKDOCK_STACK" => "test".to_owned(),
            "HOOKDOCK_BUCKET" => "deliveries".to_owned(),
            "HOOKDOCK_QUEUE_URL" => self.queue_url("work"),
            "HOOKDOCK_DLQ_URL" => self.queue_url("dead"),
            "HOOKDOCK_TABLE" => "ledger".to_owned(),
            "HOOKDOCK_RECORDS_TABLE" => "records".to_owned(),
            "HOOKDOCK_JOBS_SECRET" => "test/jobs".to_owned(),
            "HOOKDOCK_MAIL_FROM" => "shop@example.com".to_owned(),
            "HOOKDOCK_MODEL" => "anthropic.claude-haiku-4-5-20251001-v1:0".to_owned(),
            "HOOKDOCK_TOPIC_ARN" => format!("arn:aws:sns:{REGION}:000000000000:notices"),
            _ => String::new(),
        }
    }

    /// The visible messages of a queue, with all their attributes.
    pub(crate) async fn receive(&self, queue: &str) -> Vec<Value> {
        let request = json!({
            "QueueUrl": self.queue_url(queue),
            "MaxNumberOfMessages": 10,
            "MessageAttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
        });
        let answer = self.call("sqs", "AmazonSQS.ReceiveMessage", &request).await;
        answer["Messages"].as_array().cloned().unwrap_or_default()
    }

    pub(crate) async fn create_secret(&self, name: &str, value: &Value) {
        let request = json!({"Name": name, "SecretString": value.to_string()});
        self.call("secretsmanager", "secretsmanager.CreateSecret", &request).await;
    }

    /// Makes the topic and has what is published there put into the queue.
    pub(crate) async fn subscribe(&self, queue: &str) {
        let queue = format!("arn:aws:sqs:{REGION}:000000000000:{queue}");
        let topic = format!("arn:aws:sns:{REGION}:000000000000:notices");
        self.query("sns", &[("Action", "CreateTopic"), ("Name", "notices")]).await;
        let subscribe = [
            ("Action", "Subscribe"),
            ("TopicArn", &topic),
            ("Protocol", "sqs"),
            ("Endpoint", &queue),
        ];
        self.query("sns", &subscribe).await;
    }

    /// Lets e-mail be sent from the address.
    pub(crate) async fn verify(&self, address: &str) {
        let request = json!({"EmailIdentity": address});
        let url = format!("{}/v2/email/identities", self.url);
        self.send("ses", self.client.post(url).body(request.to_string())).await;
    }

    /// The e-mails that were sent.
    pub(crate) async fn emails(&self) -> Vec<Value> {
        let request = self.client.get(format!("{}/_ministack/ses/messages", self.url));
        let answer = self.send("ses", request).await;
        let accounts: Value = serde_json::from_str(&answer).expect("JSON");
        let accounts = accounts["messages"].as_object().expect("accounts").values();
        accounts.filter_map(Value::as_array).flatten().cloned().collect()
    }

    async fn query(&self, service: &str, parameters: &[(&str, &str)]) {
        let fields = parameters.iter().map(|(name, value)| format!("{name}={value}"));
        let body = fields.collect::<Vec<_>>().join("&");
        let form = "application/x-www-form-urlencoded";
        let request = self.client.post(&self.url).header("Content-Type", form).body(body);
        self.send(service, request).await;
    }

    async fn create_empty_secret(&self, name: &str) {
        self.call("secretsmanager", "secretsmanager.CreateSecret", &json!({"Name": name})).await;
    }

    async fn wait_until_ready(&self) {
        for _ in 0..300 {
            if self.client.get(&self.url).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("MiniStack does not answer");
    }

    async fn furnish(&self) {
        let bucket = self.client.put(format!("{}/deliveries", self.url)).send().await;
        assert!(bucket.expect("an answer").status().is_success());
        for queue in ["work", "dead"] {
            self.call("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": queue})).await;
        }
        for endpoint in ["asana", "clio"] {
            self.create_empty_secret(&format!("test/captured/{endpoint}")).await;
        }
        for (table, hash, range) in [("ledger", "pk", "sk"), ("records", "collection", "id")] {
            let mut request = json!({
                "TableName": table,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": hash, "AttributeType": "S"},
                    {"AttributeName": range, "AttributeType": "S"},
                ],
                "KeySchema": [
                    {"AttributeName": hash, "KeyType": "HASH"},
                    {"AttributeName": range, "KeyType": "RANGE"},
                ],
            });
            if table == "ledger" {
                // As in the template.
                let indexes = [
                    ("by_state", "state_key", "updated_at_ms"),
                    ("by_due", "due_key", "due_at_ms"),
                ];
                let defined = indexes.iter().flat_map(|(_, hash, range)| {
                    [(hash, "S"), (range, "N")]
                        .map(|(name, kind)| json!({"AttributeName": name, "AttributeType": kind}))
                });
                request["AttributeDefinitions"].as_array_mut().expect("a list").extend(defined);
                let index = |(name, hash, range): (&str, &str, &str)| {
                    json!({
                        "IndexName": name,
                        "KeySchema": [
                            {"AttributeName": hash, "KeyType": "HASH"},
                            {"AttributeName": range, "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "KEYS_ONLY"},
                    })
                };
                request["GlobalSecondaryIndexes"] = indexes.map(index).into();
            }
            self.call("dynamodb", "DynamoDB_20120810.CreateTable", &request).await;
        }
    }

    /// Calls an operation of one of the services that speak JSON. Nothing checks the signature.
    async fn call(&self, service: &str, target: &str, request: &Value) -> Value {
        let request = self
            .client
            .post(&self.url)
            .header("X-Amz-Target", target)
            .header("Content-Type", "application/x-amz-json-1.0")
            .body(request.to_string());
        serde_json::from_str(&self.send(service, request).await).unwrap_or_default()
    }

    async fn send(&self, service: &str, request: RequestBuilder) -> String {
        let scope = format!("test/20270115/{REGION}/{service}/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=none");
        let answer = request.header("Authorization", authorization).send().await;
        let answer = answer.expect("an answer");
        let (status, url) = (answer.status(), answer.url().clone());
        let body = answer.text().await.expect("a body");
        assert!(status.is_success(), "{service} {url}: {status} {body}");
        body
    }

    fn queue_url(&self, queue: &str) -> String {
        format!("{}/000000000000/{queue}", self.url)
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.data));
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
