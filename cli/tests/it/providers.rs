//! `hookdock providers`.

use hookdock_signature::catalog;

use crate::support::{json, run, stderr, stdout};

#[test]
fn the_whole_catalogue_is_listed_in_lines_for_a_program() {
    let output = run(&["providers"]);
    let text = stdout(&output);
    let ids: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(ids, catalog::ids().collect::<Vec<_>>());
    assert!(text.contains("github\tGitHub\thmac-sha256\tverified\t10 s\n"), "{text}");
    assert!(stderr(&output).contains("providers"));
}

#[test]
fn a_search_looks_at_ids_names_and_headers() {
    for (search, found) in [
        ("GITHU", "github"),
        ("standard web", "standard-webhooks"),
        ("x-hub-signature-256", "github"),
    ] {
        let output = run(&["providers", search]);
        let ids = stdout(&output);
        assert!(ids.lines().any(|line| line.starts_with(&format!("{found}\t"))), "{search}: {ids}");
        assert!(ids.lines().count() < catalog::ids().count());
    }
    let output = run(&["providers", "no such thing"]);
    assert!(!stderr(&output).contains("did you mean"));
    assert!(stderr(&output).contains("`hookdock providers` lists all of them"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_misspelt_id_is_answered_with_the_one_that_is_meant() {
    for (typed, meant) in
        [("gihtub", "github"), ("Stirpe", "stripe"), ("shoppify", "shopify"), ("slak", "slack")]
    {
        let output = run(&["providers", typed]);
        let said = stderr(&output);
        assert!(said.contains(&format!("headers; did you mean {meant}")), "{said}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn an_exact_id_shows_all_that_is_known() {
    let text = stdout(&run(&["providers", "stripe"]));
    for part in [
        "Stripe (stripe)",
        "class       money",
        "scheme verified, delivery facts third-party",
        "hmac-sha256 over {ts}.{body}, in hex; at most 300 s old",
        "headers     Stripe-Signature",
        "secret      whsec_",
        "rotation    Roll",
        "event id    json:id; a retry has the same",
        "retries     Live mode",
        "window      300 s; each retry states a time of its own, so a late one is not refused",
        "body        JSON; gzip and deflate are read too",
        "set-up      The secret: Dashboard",
        "reconcile   GET /v1/events",
        "source      npm stripe",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let text = stdout(&run(&["providers", "github"]));
    assert!(text.contains("time limit  10 s"), "{text}");
    for (provider, row) in [
        ("twitch", "control     revocation: The subscription has ended"),
        ("twitch", "weak        the event's type is not signed, so it is what the sender writes"),
        (
            "linear",
            "window      60 s; a retry states the time of the first try, so an endpoint allows",
        ),
        (
            "gitlab",
            "weak        the body is not signed: who has seen one request can send any body",
        ),
        ("asana", "set-up      Set `capture = true`: Asana hands the secret over itself"),
        ("square", "set-up      The URL is signed: behind a proxy or a CDN, state it"),
        ("shopify", "weak        no age is checked: a captured request stays valid"),
    ] {
        let text = stdout(&run(&["providers", provider]));
        assert!(text.contains(&format!("\n  {row}")), "{row} is not in\n{text}");
    }
    let text = stdout(&run(&["providers", "meta"]));
    let handshake = "handshake   echo: GET with query:hub.challenge, \
        where query:hub.mode is subscribe; \
        query:hub.verify_token has to be the setting verify_token, else 403";
    assert!(text.contains(handshake), "{text}");
}

#[test]
fn json_has_the_same_facts() {
    let list = json(&run(&["providers", "--json"]));
    let rows = list["providers"].as_array().expect("a list");
    assert_eq!(rows.len(), catalog::ids().count());
    let github = rows.iter().find(|row| row["id"] == "github").expect("listed");
    assert_eq!(
        *github,
        serde_json::json!({
            "id": "github", "name": "GitHub", "scheme": "hmac-sha256", "answer_within_ms": 10_000,
            "trust": { "scheme": "verified", "delivery": "verified" },
        })
    );
    let card = json(&run(&["providers", "github", "--json"]));
    let github = &card["provider"];
    assert_eq!(github["headers"], serde_json::json!(["X-Hub-Signature-256"]));
    assert_eq!(github["event_type"], serde_json::json!(["header:X-GitHub-Event", "json:action"]));
    assert_eq!(github["sources"][0]["read"], "2026-11");
}

#[test]
fn every_definition_is_understood_well_enough_to_describe_it() {
    for id in catalog::ids() {
        let card = json(&run(&["providers", id, "--json"]));
        let (provider, facts) = (catalog::find(id).expect("listed"), &card["provider"]);
        assert_eq!(facts["id"], id);
        let places = facts["event_id"].as_array().expect("a list").len();
        assert_eq!(places > 0, provider.event_id().is_some(), "{id}");
        let handshakes = facts["handshakes"].as_array().expect("a list").len();
        assert_eq!(handshakes, provider.handshakes().len(), "{id}");
        let items = facts["items"].as_array().expect("a list").len();
        assert_eq!(items, provider.items().map_or(0, |items| items.places().len()), "{id}");
        for name in provider.credential_headers() {
            let headers = facts["headers"].as_array().expect("a list");
            assert!(headers.iter().any(|header| header == name), "{id}: {name}");
        }
    }
}

#[test]
fn what_nobody_has_checked_says_so() {
    use hookdock_signature::Trust;

    let unconfirmed = |id: &&str| {
        catalog::find(id).is_some_and(|found| found.trust().scheme == Trust::Unconfirmed)
    };
    for id in catalog::ids().filter(unconfirmed).take(3) {
        let listed = stdout(&run(&["providers"]));
        let line =
            listed.lines().find(|line| line.starts_with(&format!("{id}\t"))).expect("listed");
        assert!(line.contains("unconfirmed"), "{line}");
        let said = stderr(&run(&["sign", "--provider", id, "--secret-file", "/dev/null"]));
        assert!(said.contains("nobody has checked the definition"), "{said}");
    }
}
