//! What jobs reach on AWS beside the records and the documents.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::ready;
use hookdock_aws::config::ProcessorConfig;
use hookdock_https::testing::Server;
use hookdock_pipeline::job::{EffectKey, Effects, Registry};
use hookdock_pipeline::ledger::{EventRef, RunId};
use hookdock_pipeline::model::names::EventKey;
use hookdock_pipeline::model::port_error::PortErrorKind;
use hookdock_pipeline::ports::{AnswerForm, Email, Notice, Prompt, Web};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::ministack::MiniStack;

fn config(ministack: &MiniStack) -> ProcessorConfig {
    ProcessorConfig::read(|name| Some(ministack.setting(name))).expect("usable")
}

async fn effects(ministack: &MiniStack) -> Effects {
    let connection = ministack.connection();
    hookdock_aws::process(&connection, &config(ministack), Registry::new()).await.effects
}

#[tokio::test]
async fn an_email_is_sent_through_ses_from_the_configured_address() {
    let ministack = MiniStack::start().await;
    ministack.verify("shop@example.com").await;
    let mail = effects(&ministack).await.mail.expect("set up");
    let email = Email {
        to: "jane@example.com".to_owned(),
        subject: "Your invoice, caf\u{e9}".to_owned(),
        text: "42.00 EUR".to_owned(),
    };
    mail.send(&email, &key()).await.expect("sent");
    let sent = ministack.emails().await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["Source"], "shop@example.com");
    assert_eq!(sent[0]["To"], json!(["jane@example.com"]));
    assert_eq!(sent[0]["Subject"], "Your invoice, caf\u{e9}");
    assert_eq!(sent[0]["BodyText"], "42.00 EUR");
}

#[tokio::test]
async fn a_notice_is_published_to_the_configured_topic() {
    let ministack = MiniStack::start().await;
    ministack.subscribe("work").await;
    let notices = effects(&ministack).await.notices.expect("set up");
    let notice = Notice { subject: "A ticket".to_owned(), text: "It is urgent.".to_owned() };
    notices.publish(&notice, &key()).await.expect("published");
    let message = ministack.receive("work").await.remove(0);
    let body = message["Body"].as_str().expect("a text");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["Subject"], "A ticket");
    assert_eq!(body["Message"], "It is urgent.");
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_a_setting_to_mend() {
    let ministack = MiniStack::start().await;
    let notices = effects(&ministack).await.notices.expect("set up");
    let notice = Notice { subject: String::new(), text: "It is urgent.".to_owned() };
    let error = notices.publish(&notice, &key()).await.expect_err("no topic");
    assert_eq!(error.kind(), PortErrorKind::Invalid);
}

fn key() -> EffectKey {
    let event =
        EventRef { endpoint: "stripe".parse().expect("a name"), key: EventKey::of(&[b"evt_1"]) };
    let run = RunId { event, job: "fulfil_order".parse().expect("a name") };
    EffectKey::of(&run, 0, &"send-invoice".parse().expect("a name"))
}

fn prompt() -> Prompt {
    Prompt {
        system: "Classify the ticket.".to_owned(),
        material: "My invoice is wrong.".to_owned(),
        form: AnswerForm { name: "triage", schema: json!({"type": "object"}) },
        max_tokens: 500,
    }
}

#[tokio::test]
async fn a_model_is_asked_through_converse_and_answers_in_json() {
    let answer = json!({
        "choices": [{"message": {"role": "assistant", "content": r#"{"kind":"billing"}"#}}],
        "usage": {"prompt_tokens": 21, "completion_tokens": 7},
    });
    let model =
        Server::plain(move |_| ready(Response::new(Bytes::from(answer.to_string()))).boxed());
    let model = model.await;
    let url = format!("http://{}", model.address());
    let ministack = MiniStack::start_with(&[("MINISTACK_BEDROCK_PROXY_URL", &url)]).await;
    let answer = effects(&ministack).await.model.expect("set up").ask(&prompt()).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.json, Some(json!({"kind": "billing"})));
    assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens), (21, 7));
    let asked: Value = serde_json::from_slice(model.requests()[0].body()).expect("JSON");
    assert_eq!(asked["model"], "anthropic.claude-haiku-4-5-20251001-v1:0");
    assert_eq!(asked["max_tokens"], 500);
    assert_eq!(asked["messages"][0], json!({"role": "system", "content": "Classify the ticket."}));
    assert_eq!(asked["messages"][1], json!({"role": "user", "content": "My invoice is wrong."}));
}

#[tokio::test]
async fn what_a_model_says_beside_the_form_is_no_answer_and_is_paid_for_all_the_same() {
    let ministack = MiniStack::start().await;
    let answer = effects(&ministack).await.model.expect("set up").ask(&prompt()).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.json, None);
    assert!(answer.usage.output_tokens > 0, "{answer:?}");
}

#[tokio::test]
async fn jobs_of_a_function_reach_no_address_beside_it() {
    let ministack = MiniStack::start().await;
    let web: Arc<dyn Web> = effects(&ministack).await.web.expect("set up");
    for url in ["https://127.0.0.1/", "https://169.254.169.254/latest/meta-data/"] {
        let request = Request::get(url).body(Bytes::new()).expect("a request");
        let error = web.call(request).await.expect_err("not public");
        assert_eq!(error.kind(), PortErrorKind::Denied, "{url}");
    }
}

#[tokio::test]
async fn the_settings_are_one_secret_and_must_be_there_where_they_are_named() {
    let ministack = MiniStack::start().await;
    let (connection, mut config) = (ministack.connection(), config(&ministack).jobs);
    let missing = hookdock_aws::job_settings(&connection, &config).await;
    assert_eq!(missing.expect_err("no secret").kind(), PortErrorKind::Invalid);
    ministack.create_secret("test/jobs", &json!({"version": 1})).await;
    let there = hookdock_aws::job_settings(&connection, &config).await.expect("a secret");
    assert_eq!(there.as_deref(), Some(r#"{"version":1}"#));
    config.secret = None;
    assert_eq!(hookdock_aws::job_settings(&connection, &config).await.expect("none"), None);
}
