//! What only a `hookdock dev` answers: as the OpenAPI document says.

use std::sync::Arc;

use hookdock_console::{
    Dev, Explained, RefusedRequest, Trigger, Triggered, Which, dev_api, document,
};
use hookdock_operate::{Code, Trouble};
use http::Request;
use serde_json::json;

use super::api::{ask, check, get};

/// One that has refused one request, and sends nothing.
struct Still;

fn request() -> RefusedRequest {
    RefusedRequest {
        number: 1,
        at: "2026-12-01T00:00:00Z".parse().expect("a time"),
        delivery: "dlv_1".to_owned(),
        method: "POST".to_owned(),
        path: "/webhooks/stripe".to_owned(),
        status: 401,
        code: "mismatch".to_owned(),
        why: "no signature matches".to_owned(),
        kept: true,
    }
}

impl Dev for Still {
    async fn trigger(&self, asked: &Trigger) -> Result<Triggered, Trouble> {
        match asked.event {
            Some(_) => Ok(Triggered {
                version: 1,
                endpoint: "stripe".to_owned(),
                url: "http://127.0.0.1:9000/webhooks/stripe".to_owned(),
                id: "evt_1".to_owned(),
                statuses: vec![200],
                delivery: Some("dlv_1".to_owned()),
            }),
            None => Err(Trouble::new(Code::BadRequest, "nothing was sent", "no sample")),
        }
    }

    fn refused(&self) -> Vec<RefusedRequest> {
        vec![request()]
    }

    async fn explain(&self, which: Which) -> Result<Explained, Trouble> {
        match which {
            Which::Last | Which::Number(1) => {
                let report = json!({"valid": false}).as_object().cloned();
                Ok(Explained { request: request(), text: "why".to_owned(), report })
            }
            Which::Number(_) => Err(Trouble::new(Code::NotFound, "nothing", "nothing")),
        }
    }
}

#[tokio::test]
async fn every_answer_of_a_dev_is_as_the_openapi_document_says() {
    let (router, document) = (dev_api(Arc::new(Still)), document());
    for (route, path, expected) in [
        ("/refused", "/refused", 200),
        ("/refused/{number}", "/refused/last", 200),
        ("/refused/{number}", "/refused/1", 200),
        ("/refused/{number}", "/refused/2", 404),
        ("/refused/{number}", "/refused/first", 400),
    ] {
        let (status, headers, body) = get(&router, path).await;
        assert_eq!(status.as_u16(), expected, "{path}");
        check(&document, "get", route, status, &body);
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
    for (asked, expected) in [
        (json!({"provider": "stripe", "event": "invoice.paid"}), 201),
        (json!({"provider": "stripe", "event": null}), 400),
        (json!({"provider": "stripe", "evnt": "invoice.paid"}), 400),
        (json!([]), 400),
    ] {
        let post = Request::post("/api/v1/trigger").body(asked.to_string().into());
        let (status, _, body) = ask(&router, post.expect("a request")).await;
        assert_eq!(status.as_u16(), expected, "{asked}");
        check(&document, "post", "/trigger", status, &body);
    }
}
