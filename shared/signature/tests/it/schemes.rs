//! Definitions of the shapes that the first providers of the catalogue do not have.

/// The scheme part of a definition, by the name that `shapes.json` uses.
pub(crate) const SCHEMES: &[(&str, &str)] = &[
    (
        "slack",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "v0:{ts}:{body}"
        signature = { from = "header", name = "X-Slack-Signature", prefix = "v0=" }
        timestamp = { from = "header", name = "X-Slack-Request-Timestamp", unit = "s", tolerance_seconds = 300 }
    "#,
    ),
    (
        "square",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "base64"
        message = "{url}{body}"
        signature = { from = "header", name = "x-square-hmacsha256-signature" }
    "#,
    ),
    (
        "sanity",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "base64url"
        message = "{ts}.{body}"
        signature = { from = "header", name = "sanity-webhook-signature", layout = "kv", field = "v1", item_sep = "," }
        timestamp = { from = "signature_field", name = "t", unit = "ms" }
    "#,
    ),
    (
        "hubspot",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "base64"
        message = "{method}{url_hubspot}{body}{ts}"
        signature = { from = "header", name = "X-HubSpot-Signature-v3" }
        timestamp = { from = "header", name = "X-HubSpot-Request-Timestamp", unit = "ms", tolerance_seconds = 300 }

        [[alternatives]]
        name = "v1"
        when = { header = "X-HubSpot-Signature-Version", equals = "v1" }
        [alternatives.scheme]
        kind = "hmac"
        construction = "hash"
        digest = "sha256"
        encoding = "hex"
        message = "{secret}{body}"
        signature = { from = "header", name = "X-HubSpot-Signature" }

        [[alternatives]]
        name = "v2"
        when = { header = "X-HubSpot-Signature-Version", equals = "v2" }
        [alternatives.scheme]
        kind = "hmac"
        construction = "hash"
        digest = "sha256"
        encoding = "hex"
        message = "{secret}{method}{url}{body}"
        signature = { from = "header", name = "X-HubSpot-Signature" }
    "#,
    ),
    (
        "sendgrid",
        r#"
        [scheme]
        kind = "ecdsa"
        curve = "P-256"
        digest = "sha256"
        signature_format = "der"
        encoding = "base64"
        message = "{ts}{body}"
        public_key = { format = "base64-spki" }
        signature = { from = "header", name = "X-Twilio-Email-Event-Webhook-Signature" }
        timestamp = { from = "header", name = "X-Twilio-Email-Event-Webhook-Timestamp", unit = "s" }
    "#,
    ),
    (
        "ecdsa-fixed",
        r#"
        [scheme]
        kind = "ecdsa"
        curve = "P-256"
        digest = "sha256"
        signature_format = "fixed"
        encoding = "base64url"
        message = "{body}"
        public_key = { format = "pem" }
        signature = { from = "header", name = "X-Sig" }
    "#,
    ),
    (
        "wise",
        r#"
        [scheme]
        kind = "rsa"
        padding = "pkcs1v15"
        digest = "sha256"
        encoding = "base64"
        message = "{body}"
        public_key = { format = "pem" }
        signature = { from = "header", name = "X-Signature-SHA256" }
    "#,
    ),
    (
        "bridge-xyz",
        r#"
        [scheme]
        kind = "rsa"
        padding = "pkcs1v15"
        digest = "sha256"
        encoding = "base64"
        message = "{ts}.{body}"
        public_key = { format = "pem" }
        signature = { from = "header", name = "X-Webhook-Signature", layout = "kv", field = "v0", item_sep = "," }
        timestamp = { from = "signature_field", name = "t", unit = "ms", tolerance_seconds = 600 }
    "#,
    ),
    (
        "utila",
        r#"
        [scheme]
        kind = "rsa"
        padding = "pss"
        digest = "sha512"
        encoding = "base64"
        message = "{body}"
        public_key = { format = "pem" }
        signature = { from = "header", name = "x-utila-signature" }
    "#,
    ),
    (
        "discord",
        r#"
        [scheme]
        kind = "ed25519"
        encoding = "hex"
        message = "{ts}{body}"
        public_key = { format = "hex" }
        signature = { from = "header", name = "X-Signature-Ed25519" }
        timestamp = { from = "header", name = "X-Signature-Timestamp", unit = "s" }
    "#,
    ),
    (
        "telnyx",
        r#"
        [scheme]
        kind = "ed25519"
        encoding = "base64"
        message = "{ts}|{body}"
        public_key = { format = "base64" }
        signature = { from = "header", name = "telnyx-signature-ed25519" }
        timestamp = { from = "header", name = "telnyx-timestamp", unit = "s", tolerance_seconds = 300 }
    "#,
    ),
    (
        "standard-webhooks-asym",
        r#"
        [scheme]
        kind = "ed25519"
        encoding = "base64"
        message = "{header:webhook-id}.{ts}.{body}"
        public_key = { format = "base64", strip_prefix = "whpk_" }
        signature = { from = "header", name = "webhook-signature", layout = "tagged", tag = "v1a", tag_sep = ",", item_sep = " " }
        timestamp = { from = "header", name = "webhook-timestamp", unit = "s", tolerance_seconds = 300 }
    "#,
    ),
    (
        "svix",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "base64"
        message = "{header:svix-id}.{ts}.{body}"
        key = { format = "base64", strip_prefix = "whsec_" }
        signature = { from = "header", name = "svix-signature", layout = "tagged", tag = "v1", tag_sep = ",", item_sep = " " }
        timestamp = { from = "header", name = "svix-timestamp", unit = "s", tolerance_seconds = 300 }
    "#,
    ),
    (
        "orb",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "v1:{ts}:{body}"
        signature = { from = "header", name = "X-Orb-Signature", layout = "tagged", tag = "v1", tag_sep = "=", item_sep = " " }
        timestamp = { from = "header", name = "X-Orb-Timestamp", unit = "iso8601", tolerance_seconds = 300 }
    "#,
    ),
    (
        "elevenlabs",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{ts}.{body}"
        signature = { from = "header", name = "ElevenLabs-Signature", layout = "kv", field = "v0", item_sep = "," }
        timestamp = { from = "signature_field", name = "t", unit = "s", tolerance_seconds = 1800 }
    "#,
    ),
    (
        "easypost",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{body}"
        key = { normalize = "NFKD" }
        signature = { from = "header", name = "X-Hmac-Signature", prefix = "hmac-sha256-hex=" }
    "#,
    ),
    (
        "paddle",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{ts}:{body}"
        signature = { from = "header", name = "Paddle-Signature", layout = "kv", field = "h1", item_sep = ";" }
        timestamp = { from = "signature_field", name = "ts", unit = "s", tolerance_seconds = 5 }
    "#,
    ),
    (
        "persona",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{ts}.{body}"
        signature = { from = "header", name = "Persona-Signature", layout = "kv", field = "v1", item_sep = ",", group_sep = " " }
        timestamp = { from = "signature_field", name = "t", unit = "s", tolerance_seconds = 300 }
    "#,
    ),
    (
        "retell",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{body}{ts}"
        signature = { from = "header", name = "x-retell-signature", layout = "kv", field = "d", item_sep = "," }
        timestamp = { from = "signature_field", name = "v", unit = "ms", tolerance_seconds = 300 }
    "#,
    ),
    (
        "recurly",
        r##"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{ts}.{body}"
        signature = { from = "header", name = "recurly-signature", layout = "positional", item_sep = "," }
        timestamp = { from = "signature_field", name = "#0", unit = "ms", tolerance_seconds = 300 }
    "##,
    ),
    (
        "linear",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{body}"
        signature = { from = "header", name = "Linear-Signature" }
        timestamp = { from = "json", name = "webhookTimestamp", unit = "ms", tolerance_seconds = 60 }
    "#,
    ),
    (
        "cronofy",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "base64"
        message = "{body}"
        signature = { from = "header", name = "Cronofy-HMAC-SHA256", layout = "list", item_sep = "," }
    "#,
    ),
    (
        "adyen-platform",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "base64"
        message = "{body}"
        key = { format = "hex" }
        signature = { from = "header", name = "HmacSignature" }
    "#,
    ),
    (
        "airtable",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{body}"
        key = { format = "base64" }
        signature = { from = "header", name = "X-Airtable-Content-MAC", prefix = "hmac-sha256=" }
    "#,
    ),
    (
        "box",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "base64"
        message = "{body}{ts}"
        signature = { from = "header", name = "BOX-SIGNATURE-PRIMARY", also = ["BOX-SIGNATURE-SECONDARY"] }
        timestamp = { from = "header", name = "BOX-DELIVERY-TIMESTAMP", unit = "iso8601", tolerance_seconds = 600 }
    "#,
    ),
    (
        "twitch",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{header:Twitch-Eventsub-Message-Id}{ts}{body}"
        signature = { from = "header", name = "Twitch-Eventsub-Message-Signature", prefix = "sha256=" }
        timestamp = { from = "header", name = "Twitch-Eventsub-Message-Timestamp", unit = "iso8601", tolerance_seconds = 600 }
    "#,
    ),
    (
        "braintree",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha1"
        encoding = "hex"
        message = "{form:bt_payload}"
        key = { format = "sha1" }
        signature = { from = "form", name = "bt_signature", layout = "pairs", item_sep = "&", pair_sep = "|", match_left = "public_key" }
        [config.public_key]
        description = "The public key shown beside the private one."
    "#,
    ),
    (
        "docusign",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "base64"
        message = "{body}"
        signature = { from = "header", numbered_prefix = "X-DocuSign-Signature-", max = 100 }
    "#,
    ),
    (
        "mandrill",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha1"
        encoding = "base64"
        message = "{url}{sorted_form}"
        signature = { from = "header", name = "X-Mandrill-Signature" }
    "#,
    ),
    (
        "mailgun",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{json:signature.timestamp}{json:signature.token}"
        signature = { from = "json", name = "signature.signature" }
        timestamp = { from = "json", name = "signature.timestamp", unit = "s", tolerance_seconds = 900 }

        [[alternatives]]
        name = "form"
        [alternatives.scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{form:timestamp}{form:token}"
        signature = { from = "form", name = "signature" }
    "#,
    ),
    (
        "fitbit",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha1"
        encoding = "base64"
        message = "{body}"
        key = { suffix = "&" }
        signature = { from = "header", name = "X-Fitbit-Signature" }
    "#,
    ),
    (
        "paystack",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha512"
        encoding = "hex"
        message = "{body}"
        signature = { from = "header", name = "x-paystack-signature" }
    "#,
    ),
    (
        "websub",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha1"
        encoding = "hex"
        message = "{body}"
        signature = { from = "header", name = "X-Hub-Signature", prefix = "sha1=" }

        [[alternatives]]
        name = "sha384"
        when = { header = "X-Hub-Signature", starts_with = "sha384=" }
        [alternatives.scheme]
        digest = "sha384"
        signature = { from = "header", name = "X-Hub-Signature", prefix = "sha384=" }
    "#,
    ),
    (
        "recharge",
        r#"
        [scheme]
        kind = "hmac"
        construction = "hash"
        digest = "sha256"
        encoding = "hex"
        message = "{secret}{body}"
        signature = { from = "header", name = "X-Recharge-Hmac-Sha256" }
    "#,
    ),
    (
        "tiktok-shop",
        r#"
        [scheme]
        kind = "hmac"
        digest = "sha256"
        encoding = "hex"
        message = "{config:app_key}{body}"
        signature = { from = "header", name = "Authorization" }
        [config.app_key]
        description = "The app's key."
    "#,
    ),
    (
        "gitlab",
        r#"
        [scheme]
        kind = "token"
        signature = { from = "header", name = "X-Gitlab-Token" }
    "#,
    ),
    (
        "mailchimp",
        r#"
        [scheme]
        kind = "token"
        signature = { from = "query", name = "{config:parameter}" }
        [config.parameter]
        description = "The name of the secret parameter in the URL."
        default = "key"
    "#,
    ),
    (
        "graph",
        r#"
        [scheme]
        kind = "token"
        signature = { from = "json", name = "value[].clientState" }
    "#,
    ),
    (
        "postmark",
        r#"
        [scheme]
        kind = "basic"
    "#,
    ),
];

pub(crate) fn scheme(name: &str) -> &'static str {
    let found = SCHEMES.iter().find(|(candidate, _)| *candidate == name);
    found.unwrap_or_else(|| panic!("no scheme {name}")).1
}
