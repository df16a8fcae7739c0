//! People are told of an event once, wherever it comes from.

use hookdock_embedded::Sent;
use hookdock_pipeline::ledger::RunState;
use hookdock_tests::requests::Draft;
use hookdock_tests::stack::Stack;
use serde_json::{Value, json};

use crate::world::{Turn, World, accept, stack};

fn settings(to: &str) -> String {
    format!(
        r#"
        version = 1
        [send_notification.pushes]
        endpoint = "git*"
        events = ["push"]
        show = ["/repository/full_name", "/size", "/missing"]
        to = {to}
        "#
    )
}

fn push() -> Draft {
    Draft::github(json!({"repository": {"full_name": "a <b> c"}, "size": 3}).to_string())
}

async fn told(to: &str, world: &World) -> Stack {
    let stack = stack(&settings(to), world);
    accept(&stack, &push()).await;
    stack.drain().await;
    assert_eq!(stack.run().state, RunState::Done);
    stack
}

fn delivery(stack: &Stack) -> String {
    stack.event().first_delivery.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_slack_channel_is_told_without_markup_of_strangers() {
    let world = World::going([Turn::Status(500), Turn::Throttled(30)]);
    let stack = told(r#"{ slack = "https://hooks.slack.com/services/x" }"#, &world).await;
    assert_eq!(world.asked().len(), 3);
    let body: Value = serde_json::from_slice(world.asked()[2].body()).expect("JSON");
    let text = format!(
        "*push at github*\nrepository/full_name: a &lt;b&gt; c\nsize: 3\ndelivery: {}",
        delivery(&stack)
    );
    assert_eq!(body, json!({ "text": text }));
}

#[tokio::test(start_paused = true)]
async fn an_address_gets_one_email() {
    let stack = told(r#"{ email = "ops@example.com" }"#, &World::default()).await;
    let text = format!("repository/full_name: a <b> c\nsize: 3\ndelivery: {}", delivery(&stack));
    let (to, subject) = ("ops@example.com".to_owned(), "push at github".to_owned());
    assert!(stack.local.sent().expect("memory") == [Sent::Email { to, subject, text }]);
}

#[tokio::test(start_paused = true)]
async fn a_topic_gets_one_notice() {
    let stack = told("{ topic = {} }", &World::default()).await;
    let text = format!("repository/full_name: a <b> c\nsize: 3\ndelivery: {}", delivery(&stack));
    let subject = "push at github".to_owned();
    assert!(stack.local.sent().expect("memory") == [Sent::Notice { subject, text }]);
}

#[tokio::test(start_paused = true)]
async fn each_event_of_a_request_is_told_by_itself_and_shows_its_own_values() {
    let settings = r#"
        version = 1
        [send_notification.payments]
        endpoint = "payments"
        events = ["payments.confirmed"]
        show = ["/id", "/meta/webhook_id"]
        to = { topic = {} }
    "#;
    let stack = stack(settings, &World::default());
    accept(&stack, &Draft::payments(&["EV1", "EV2"])).await;
    stack.drain().await;
    let delivery = stack.local.events().expect("memory")[0].first_delivery.to_string();
    let mut sent = stack.local.sent().expect("memory");
    sent.sort_by_key(|sent| format!("{:?}", texts(sent)));
    let told: Vec<_> = sent.iter().map(texts).collect();
    let subject = "payments.confirmed at payments";
    let text = |id: &str| format!("id: {id}\ndelivery: {delivery}");
    let expected = [(subject, text("EV1")), (subject, text("EV2"))];
    assert_eq!(told, expected.each_ref().map(|(subject, text)| (*subject, text.as_str())));
}

#[tokio::test(start_paused = true)]
async fn no_value_of_a_body_can_look_like_another_line() {
    let stack = stack(&settings("{ topic = {} }"), &World::default());
    let name = "a\r\ndelivery: dlv_0\u{2028}\u{202e}b";
    accept(&stack, &Draft::github(json!({"repository": {"full_name": name}}).to_string())).await;
    stack.drain().await;
    let sent = stack.local.sent().expect("memory");
    let text =
        format!("repository/full_name: a  delivery: dlv_0  b\ndelivery: {}", delivery(&stack));
    assert_eq!(texts(&sent[0]), ("push at github", text.as_str()));
}

fn texts(sent: &Sent) -> (&str, &str) {
    match sent {
        Sent::Email { subject, text, .. } | Sent::Notice { subject, text } => (subject, text),
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_are_not_asked_for_are_not_told() {
    let stack = stack(&settings("{ topic = {} }"), &World::default());
    let mut other = push();
    other.headers[0].1 = "issues".to_owned();
    accept(&stack, &other).await;
    stack.drain().await;
    assert!(stack.local.sent().expect("memory").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_not_set_up_is_a_failure_that_says_so() {
    let mut stack = stack(&settings("{ topic = {} }"), &World::default());
    stack.process.effects.notices = None;
    accept(&stack, &push()).await;
    stack.drain().await;
    let letters = format!("{:?}", stack.local.dead_letters().expect("memory"));
    assert!(letters.contains("a topic is not set up here"), "{letters}");
}
