//! Requests that were right, with something wrong since, and what is said about them.

use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{self, file, folder, run, stderr, stdout};

/// When the requests are signed and verified, unless a case says otherwise.
pub(crate) const AT: i64 = 1_795_302_439;

/// A text that every body holds and no output may hold.
pub(crate) const IN_THE_BODY: &str = "hidden-in-the-body";

/// A request under the way from being right to being wrong.
pub(crate) struct Wrong {
    folder: PathBuf,
    provider: String,
    /// The secret that signed.
    secret: String,
    /// The text of the file that verifies.
    file: String,
    request: Value,
    now: i64,
}

/// What was said about it.
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) report: Value,
}

impl Wrong {
    /// A request that the provider signed. The name is that of the case's folder.
    pub(crate) fn new(
        name: &str,
        provider: &str,
        secret: &str,
        body: &str,
        headers: &[&str],
    ) -> Self {
        let folder = folder(&format!("wrong-{name}"));
        let headers: Vec<&str> = headers.iter().flat_map(|header| ["--header", header]).collect();
        let mut wrong = Self {
            folder,
            provider: provider.to_owned(),
            secret: secret.to_owned(),
            file: secret.to_owned(),
            request: Value::Null,
            now: AT,
        };
        wrong.request = support::json(&wrong.sign(provider, secret, body.as_bytes(), &headers));
        wrong
    }

    /// A push from GitHub.
    pub(crate) fn github(name: &str, body: &str) -> Self {
        Self::new(name, "github", "a secret that GitHub has", body, &["X-GitHub-Event: push"])
    }

    /// An event from Stripe.
    pub(crate) fn stripe(name: &str, body: &str) -> Self {
        Self::new(name, "stripe", "whsec_a_secret_that_Stripe_has", body, &[])
    }

    fn sign(&self, provider: &str, secret: &str, body: &[u8], more: &[&str]) -> Output {
        let secret = file(&self.folder, "sign.txt", secret);
        let body = file(&self.folder, "body", body);
        let at = AT.to_string();
        let own = ["sign", "--provider", provider, "--secret-file", &secret, "--body", &body];
        let rest = ["--at", &at, "--url", "https://hooks.example/webhooks/x?a=b", "--json"];
        run(&[&own[..], &rest[..], more].concat())
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.request["body"] = json!(body);
        self
    }

    /// The body as it is saved where it is no text.
    pub(crate) fn body_base64(mut self, base64: &str) -> Self {
        self.request.as_object_mut().expect("an object").remove("body");
        self.request["body_base64"] = json!(base64);
        self
    }

    pub(crate) fn url(mut self, url: &str) -> Self {
        self.request["url"] = json!(url);
        self
    }

    /// The file of the secret has this instead.
    pub(crate) fn secret(mut self, text: &str) -> Self {
        text.clone_into(&mut self.file);
        self
    }

    pub(crate) fn seconds_later(mut self, seconds: i64) -> Self {
        self.now += seconds;
        self
    }

    /// It is verified as another provider's.
    pub(crate) fn taken_for(mut self, provider: &str) -> Self {
        provider.clone_into(&mut self.provider);
        self
    }

    /// The headers, changed.
    pub(crate) fn headers(
        mut self,
        change: impl Fn(Vec<(String, String)>) -> Vec<(String, String)>,
    ) -> Self {
        let headers = serde_json::from_value(self.request["headers"].take()).expect("pairs");
        self.request["headers"] = json!(change(headers));
        self
    }

    /// A header under another name.
    pub(crate) fn renamed(self, from: &str, to: &str) -> Self {
        self.headers(|headers| {
            let renamed = |name: String| if name == from { to.to_owned() } else { name };
            headers.into_iter().map(|(name, value)| (renamed(name), value)).collect()
        })
    }

    /// Verifies, and checks that it is refused, that both forms of output say so, and that
    /// neither has anything that has to stay hidden.
    pub(crate) fn explained(self) -> Said {
        let secret = file(&self.folder, "secret.txt", &self.file);
        let request = file(&self.folder, "request.json", self.request.to_string());
        let now = self.now.to_string();
        let arguments = [
            "verify",
            "--provider",
            &self.provider,
            "--secret-file",
            &secret,
            "--request",
            &request,
            "--now",
            &now,
            "--explain",
        ];
        let plain = run(&arguments);
        let machine = run(&[&arguments[..], &["--json"]].concat());
        for output in [&plain, &machine] {
            assert_eq!(output.status.code(), Some(4), "{output:?}");
            self.hides(&format!("{}{}", stdout(output), stderr(output)));
        }
        std::fs::remove_dir_all(&self.folder).expect("removed");
        Said { text: stdout(&plain), report: support::json(&machine) }
    }

    fn hides(&self, output: &str) {
        let mut hidden = vec![IN_THE_BODY.to_owned(), self.secret.clone(), self.file.clone()];
        hidden.extend(
            self.file.split(['_', '"', '=', ' ']).filter(|part| part.len() > 7).map(str::to_owned),
        );
        hidden.extend(long_parts(&self.request["headers"]));
        hidden.extend(self.expected());
        // A token is no longer than its parts; a signature is.
        let least = if self.provider == "gitlab" { 3 } else { 5 };
        assert!(hidden.len() >= least, "{hidden:?}");
        for text in hidden {
            assert!(!output.contains(&text), "{text} in\n{output}");
        }
    }

    /// The signatures that would have been right: for this body, under either secret.
    fn expected(&self) -> Vec<String> {
        let body = self.request["body"].as_str().unwrap_or_default().as_bytes();
        let secrets = [&self.secret, &self.file];
        let signed = secrets.map(|secret| {
            let output =
                self.sign(&self.provider, secret, body, &["--header", "webhook-id: msg_1"]);
            serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default()
        });
        signed.iter().flat_map(|request| long_parts(&request["headers"])).collect()
    }
}

/// The parts of headers that are long enough to be a signature. A time has colons.
pub(crate) fn long_parts(headers: &Value) -> Vec<String> {
    let pairs: Vec<(String, String)> = serde_json::from_value(headers.clone()).unwrap_or_default();
    let values = pairs.iter().flat_map(|(_, value)| value.split(['=', ',', ' ']));
    values.filter(|part| part.len() >= 20 && !part.contains(':')).map(str::to_owned).collect()
}

impl Said {
    /// Checks the reason, and that all of this is said.
    pub(crate) fn says(&self, code: &str, words: &[&str]) {
        assert_eq!(self.report["reason"]["code"], code, "{}", self.text);
        let findings = self.report["findings"].as_array().expect("a list");
        for said in words {
            assert!(self.text.contains(said), "{said:?} is not in\n{}", self.text);
            let told = findings.iter().filter_map(|told| told["text"].as_str());
            assert!(
                told.into_iter().any(|text| text.contains(said)),
                "{said:?} is not in the JSON"
            );
        }
    }

    /// Checks that this is not said.
    pub(crate) fn does_not_say(&self, words: &str) {
        assert!(!self.text.contains(words), "{words:?} is in\n{}", self.text);
    }
}
