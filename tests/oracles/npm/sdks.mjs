// How each SDK is asked. `verify` answers false or throws for a request that it refuses; `sign`
// answers with the headers that the provider would send, and with a body where that is changed.

import { createSecretKey } from "node:crypto";

const seconds = () => Math.floor(Date.now() / 1000);

function standardWebhooks({ Webhook }, { secret, headers, text }) {
  const [id, time] = [headers["webhook-id"], new Date(seconds() * 1000)];
  return {
    headers: {
      "webhook-timestamp": `${time.getTime() / 1000}`,
      "webhook-signature": new Webhook(secret).sign(id, time, text),
    },
  };
}

function notifications({ json }) {
  return json.notificationItems.map((item) => item.NotificationRequestItem);
}

async function shopify({ shopifyApi, ApiVersion, LogSeverity }, secret) {
  await import("@shopify/shopify-api/adapters/node");
  return shopifyApi({
    apiKey: "key",
    apiSecretKey: secret,
    hostName: "hooks.example",
    apiVersion: Object.values(ApiVersion).at(-1),
    isEmbeddedApp: false,
    logger: { level: LogSeverity.Error },
  });
}

function braintree({ BraintreeGateway, Environment }, { secret, settings }) {
  return new BraintreeGateway({
    environment: Environment.Sandbox,
    merchantId: "merchant",
    publicKey: settings.public_key,
    privateKey: secret,
  });
}

export default {
  "@adyen/api-library": {
    verify: ({ hmacValidator: Validator }, r) =>
      notifications(r).every((item) => new Validator().validateHMAC(item, r.secret)),
    sign: ({ hmacValidator: Validator }, r) => {
      const body = r.json;
      for (const item of notifications({ json: body })) {
        item.additionalData = { hmacSignature: new Validator().calculateHmac(item, r.secret) };
      }
      return { headers: {}, body: JSON.stringify(body) };
    },
  },
  "@adyen/api-library/platform": {
    module: "@adyen/api-library",
    verify: ({ hmacValidator: Validator }, r) =>
      new Validator().validateHMACSignature(r.secret, r.headers.hmacsignature, r.text),
    sign: ({ hmacValidator: Validator }, r) => ({
      headers: { HmacSignature: new Validator().calculateHmac(r.text, r.secret) },
    }),
  },
  "@anthropic-ai/sdk": {
    verify: ({ default: Anthropic }, { text, headers, secret: key }) =>
      new Anthropic({ apiKey: "key" }).beta.webhooks.unwrap(text, { headers, key }),
  },
  "@clerk/backend": {
    module: "@clerk/backend/webhooks",
    verify: ({ verifyWebhook }, r) => verifyWebhook(r.fetch, { signingSecret: r.secret }),
  },
  "@contentful/node-apps-toolkit": {
    verify: ({ verifyRequest }, { secret, method, path, headers, text: body }) =>
      verifyRequest(secret, { method, path, headers, body }),
    sign: ({ signRequest }, { secret, method, path, headers, text: body }) => ({
      headers: signRequest(secret, { method, path, headers, body }),
    }),
  },
  "@easypost/api": {
    verify: ({ default: EasyPost }, { bytes, headers, secret }) =>
      new EasyPost("key").Utils.validateWebhook(bytes, headers, secret),
  },
  "@hubspot/api-client": {
    verify: ({ Signature }, { headers, method, url, text: requestBody, secret: clientSecret }) =>
      Signature.isValid({
        signatureVersion: "v3",
        signature: headers["x-hubspot-signature-v3"],
        timestamp: headers["x-hubspot-request-timestamp"],
        ...{ method, url, requestBody, clientSecret },
      }),
    sign: ({ Signature }, { method, url, text: requestBody, secret: clientSecret }) => {
      const timestamp = Date.now();
      const given = { url, requestBody, clientSecret, timestamp };
      return {
        headers: {
          "X-HubSpot-Signature-v3": Signature.getSignature(method, "v3", given),
          "X-HubSpot-Request-Timestamp": `${timestamp}`,
        },
      };
    },
  },
  "@kontent-ai/webhook-helper": {
    verify: ({ signatureHelper }, { text, secret, headers }) =>
      signatureHelper.isValidSignatureFromString(text, secret, headers["x-kontent-ai-signature"]),
    sign: ({ signatureHelper }, { text, secret }) => ({
      headers: { "X-Kontent-ai-Signature": signatureHelper.getHashFromString(text, secret) },
    }),
  },
  "@line/bot-sdk": {
    verify: ({ validateSignature }, { bytes, secret, headers }) =>
      validateSignature(bytes, secret, headers["x-line-signature"]),
  },
  "@linear/sdk": {
    module: "@linear/sdk/webhooks",
    verify: ({ LinearWebhookClient }, { bytes, secret, headers }) =>
      new LinearWebhookClient(secret).verify(bytes, headers["linear-signature"]),
  },
  "@lovable.dev/webhooks-js": {
    verify: ({ verifyWebhookRequest }, { fetch: req, secret }) => verifyWebhookRequest({ req, secret }),
  },
  "@mux/mux-node": {
    verify: ({ default: Mux }, { text, headers, secret }) =>
      new Mux({ tokenId: "id", tokenSecret: "key" }).webhooks.verifySignature(text, headers, secret),
  },
  "@notionhq/client": {
    verify: ({ verifyWebhookSignature }, { bytes: body, secret: verificationToken, headers }) =>
      verifyWebhookSignature({ body, signature: headers["x-notion-signature"], verificationToken }),
    sign: async ({ signWebhookPayload }, { bytes: body, secret: verificationToken }) => ({
      headers: { "X-Notion-Signature": await signWebhookPayload({ body, verificationToken }) },
    }),
  },
  "@octokit/webhooks-methods": {
    verify: ({ verify }, { secret, text, headers }) => verify(secret, text, headers["x-hub-signature-256"]),
    sign: async ({ sign }, { secret, text }) => ({
      headers: { "X-Hub-Signature-256": await sign(secret, text) },
    }),
  },
  "@onfido/api": {
    verify: ({ WebhookEventVerifier }, { secret, bytes, headers }) =>
      new WebhookEventVerifier(secret).readPayload(bytes, headers["x-sha2-signature"]),
  },
  "@paddle/paddle-node-sdk": {
    verify: ({ Paddle }, { text, secret, headers }) =>
      new Paddle("key").webhooks.isSignatureValid(text, secret, headers["paddle-signature"]),
  },
  "@polar-sh/sdk": {
    module: "@polar-sh/sdk/webhooks",
    verify: ({ validateEvent, WebhookVerificationError }, { text, headers, secret }) => {
      try {
        validateEvent(text, headers, secret);
      } catch (error) {
        // What else it may say is about the type, which here is nobody's.
        if (error instanceof WebhookVerificationError) throw error;
      }
    },
  },
  "@sanity/webhook": {
    verify: ({ isValidSignature, SIGNATURE_HEADER_NAME }, { text, headers, secret }) =>
      isValidSignature(text, headers[SIGNATURE_HEADER_NAME], secret),
    sign: async ({ encodeSignatureHeader, SIGNATURE_HEADER_NAME }, { text, secret }) => ({
      headers: { [SIGNATURE_HEADER_NAME]: await encodeSignatureHeader(text, Date.now(), secret) },
    }),
  },
  "@seamapi/webhook": {
    verify: ({ SeamWebhook }, { text, headers, secret }) => new SeamWebhook(secret).verify(text, headers),
  },
  "@sendgrid/eventwebhook": {
    verify: ({ EventWebhook, EventWebhookHeader: names }, { bytes, headers, secret }) => {
      const webhook = new EventWebhook();
      return webhook.verifySignature(
        webhook.convertPublicKeyToECDSA(secret),
        bytes,
        headers[names.SIGNATURE().toLowerCase()],
        headers[names.TIMESTAMP().toLowerCase()],
      );
    },
  },
  "@shopify/shopify-api": {
    verify: async (library, { secret, text: rawBody, method, path: url, headers }) => {
      const rawRequest = { method, url, headers };
      const { webhooks } = await shopify(library, secret);
      return (await webhooks.validate({ rawBody, rawRequest, rawResponse: {} })).valid;
    },
  },
  "@slack/bolt": {
    verify: ({ verifySlackRequest }, { secret: signingSecret, text: body, headers }) =>
      verifySlackRequest({ signingSecret, body, headers }),
  },
  "@tryfinch/finch-api": {
    verify: ({ default: Finch }, { text, headers, secret }) =>
      new Finch().webhooks.verifySignature(text, headers, secret),
  },
  "@upstash/qstash": {
    verify: ({ Receiver }, { text: body, url, headers, secret }) =>
      new Receiver({ currentSigningKey: secret, nextSigningKey: "another" }).verify({
        signature: headers["upstash-signature"],
        ...{ body, url },
      }),
  },
  "@vonage/jwt": {
    verify: ({ verifySignature }, { headers, secret }) =>
      verifySignature(headers.authorization.replace(/^Bearer /, ""), secret),
  },
  "@workos-inc/node": {
    verify: ({ WorkOS }, { json: payload, headers, secret }) =>
      new WorkOS("key").webhooks.verifyHeader({
        ...{ payload, secret },
        sigHeader: headers["workos-signature"],
      }),
    sign: async ({ WorkOS }, { json, secret }) => {
      const time = Date.now();
      const signature = await new WorkOS("key").webhooks.computeSignature(time, json, secret);
      return { headers: { "WorkOS-Signature": `t=${time}, v1=${signature}` } };
    },
  },
  "atlassian-jwt": {
    verify: (library, { secret, headers, method, path }) => {
      const token = headers.authorization.replace(/^JWT /, "");
      const claims = library.decodeSymmetric(token, secret, "HS256");
      return claims.qsh === library.createQueryStringHash(library.fromMethodAndUrl(method, path));
    },
    sign: (library, { secret, method, path, settings }) => {
      const qsh = library.createQueryStringHash(library.fromMethodAndUrl(method, path));
      const claims = { iss: settings.client_key, iat: seconds(), exp: seconds() + 180, qsh };
      return { headers: { Authorization: `JWT ${library.encodeSymmetric(claims, secret, "HS256")}` } };
    },
  },
  braintree: {
    verify: ({ default: library }, r) =>
      braintree(library, r).webhookNotification.parse(r.form.bt_signature, r.form.bt_payload),
    sign: ({ default: library }, r) => {
      const gateway = braintree(library, r);
      const sample = gateway.webhookTesting.sampleNotification("check", r.text);
      return { headers: {}, body: `${new URLSearchParams(sample)}` };
    },
  },
  chargebee: {
    verify: ({ basicAuthValidator }, { headers, secret }) =>
      basicAuthValidator((user, password) => `${user}:${password}` === secret)(headers),
  },
  "coinbase-commerce-node": {
    verify: ({ default: { Webhook } }, { text, headers, secret }) =>
      Webhook.verifySigHeader(text, headers["x-cc-webhook-signature"], secret),
    sign: ({ default: { Webhook } }, { text, secret }) => ({
      headers: { "X-CC-Webhook-Signature": Webhook.computeSignature(text, secret) },
    }),
  },
  "crisp-api": {
    // The check of hooks is the same function, and asks for a connection to be open first.
    verify: ({ Crisp }, { secret, json, headers }) =>
      new Crisp().verifyWidget(
        secret,
        json,
        headers["x-crisp-request-timestamp"],
        headers["x-crisp-signature"],
      ),
  },
  cronofy: {
    verify: ({ default: Cronofy }, { text: body, headers, secret: client_secret }) =>
      new Cronofy({ client_secret }).hmacValid({ hmac: headers["cronofy-hmac-sha256"], body }),
  },
  "discord-interactions": {
    verify: ({ verifyKey }, { bytes, headers, secret }) =>
      verifyKey(bytes, headers["x-signature-ed25519"], headers["x-signature-timestamp"], secret),
  },
  "gocardless-nodejs": {
    module: "gocardless-nodejs/webhooks",
    verify: ({ verifySignature }, { bytes, secret, headers }) =>
      verifySignature(bytes, secret, headers["webhook-signature"]),
  },
  lithic: {
    verify: ({ default: Lithic }, { text, headers, secret }) =>
      new Lithic({ apiKey: "key" }).webhooks.verifySignature(text, headers, secret),
  },
  "livekit-server-sdk": {
    verify: ({ WebhookReceiver }, { settings, secret, text, headers }) =>
      new WebhookReceiver(settings.api_key, secret).receive(text, headers.authorization),
    sign: async ({ AccessToken }, { settings, secret, bytes }) => {
      const token = new AccessToken(settings.api_key, secret, { ttl: 300 });
      const digest = await crypto.subtle.digest("SHA-256", bytes);
      token.sha256 = Buffer.from(digest).toString("base64");
      return { headers: { Authorization: await token.toJwt() } };
    },
  },
  mercadopago: {
    verify: ({ WebhookSignatureValidator }, { headers, query, secret }) =>
      WebhookSignatureValidator.validate({
        xSignature: headers["x-signature"],
        xRequestId: headers["x-request-id"],
        dataId: query["data.id"],
        secret,
      }),
  },
  messagebird: {
    module: "messagebird/lib/webhook-signature-jwt.js",
    verify: ({ default: { verify } }, { url, bytes, headers, secret }) =>
      verify(url, bytes, headers["messagebird-signature-jwt"], createSecretKey(Buffer.from(secret))),
  },
  "modern-treasury": {
    verify: ({ default: ModernTreasury }, { text, headers, secret: key }) =>
      new ModernTreasury({ apiKey: "key", organizationID: "id" }).webhooks.validateSignature(text, headers, {
        key,
      }),
    sign: ({ default: ModernTreasury }, { text, secret: key }) => {
      const { webhooks } = new ModernTreasury({ apiKey: "key", organizationID: "id" });
      return { headers: { "X-Signature": webhooks.getSignature(text, { key }) } };
    },
  },
  openai: {
    verify: ({ default: OpenAI }, { text, headers, secret }) =>
      new OpenAI({ apiKey: "key" }).webhooks.verifySignature(text, headers, secret),
  },
  "orb-billing": {
    verify: ({ default: Orb }, { text, headers, secret }) =>
      new Orb({ apiKey: "key" }).webhooks.verifySignature(text, headers, secret),
  },
  plivo: {
    verify: ({ validateV3Signature }, { method, url, headers, secret, form }) =>
      validateV3Signature(
        method,
        url,
        headers["x-plivo-signature-v3-nonce"],
        secret,
        headers["x-plivo-signature-v3"],
        form,
      ),
  },
  pusher: {
    verify: ({ default: Pusher }, { secret, text: rawBody, headers }) =>
      new Pusher({ appId: "id", key: headers["x-pusher-key"], secret, cluster: "eu" })
        .webhook({ headers, rawBody })
        .isValid(),
  },
  razorpay: {
    verify: ({ default: Razorpay }, { text, headers, secret }) =>
      Razorpay.validateWebhookSignature(text, headers["x-razorpay-signature"], secret),
  },
  replicate: {
    verify: ({ validateWebhook }, { headers, text: body, secret }) =>
      validateWebhook({
        id: headers["webhook-id"],
        timestamp: headers["webhook-timestamp"],
        signature: headers["webhook-signature"],
        ...{ body, secret },
      }),
  },
  resend: {
    verify: ({ Resend }, { text: payload, headers, secret: webhookSecret }) =>
      new Resend("key").webhooks.verify({
        headers: {
          id: headers["svix-id"],
          timestamp: headers["svix-timestamp"],
          signature: headers["svix-signature"],
        },
        ...{ payload, webhookSecret },
      }),
  },
  "retell-sdk": {
    verify: ({ default: Retell }, { text, secret, headers }) =>
      Retell.verify(text, secret, headers["x-retell-signature"]),
    sign: async ({ sign }, { text, secret }) => ({
      headers: { "x-retell-signature": await sign(text, secret) },
    }),
  },
  smartcar: {
    verify: ({ default: smartcar }, { secret, headers, json }) =>
      smartcar.verifyPayload(secret, headers["sc-signature"], json),
    sign: ({ default: smartcar }, { secret, text }) => ({
      headers: { "SC-Signature": smartcar.hashChallenge(secret, text) },
    }),
  },
  square: {
    verify: ({ WebhooksHelper }, { text: requestBody, headers, secret: signatureKey, url: notificationUrl }) =>
      WebhooksHelper.verifySignature({
        signatureHeader: headers["x-square-hmacsha256-signature"],
        ...{ requestBody, signatureKey, notificationUrl },
      }),
  },
  standardwebhooks: {
    verify: ({ Webhook }, { text, headers, secret }) => new Webhook(secret).verify(text, headers),
    sign: standardWebhooks,
  },
  stripe: {
    verify: ({ default: Stripe }, { text, headers, secret }) =>
      new Stripe("key").webhooks.signature.verifyHeader(text, headers["stripe-signature"], secret, 300),
    sign: ({ default: Stripe }, { text: payload, secret }) => ({
      headers: {
        "Stripe-Signature": new Stripe("key").webhooks.generateTestHeaderString({ payload, secret }),
      },
    }),
  },
  svix: {
    verify: ({ Webhook }, { text, headers, secret }) => new Webhook(secret).verify(text, headers),
    sign: ({ Webhook }, { secret, headers, text }) => {
      const time = new Date(seconds() * 1000);
      return {
        headers: {
          "svix-timestamp": `${time.getTime() / 1000}`,
          "svix-signature": new Webhook(secret).sign(headers["svix-id"], time, text),
        },
      };
    },
  },
  telnyx: {
    verify: ({ default: Telnyx }, { text, headers, secret: key }) =>
      new Telnyx({ apiKey: "key" }).webhooks.unwrap(text, { headers, key }),
  },
  twilio: {
    verify: ({ default: twilio }, { secret, headers, url, form }) =>
      twilio.validateRequest(secret, headers["x-twilio-signature"], url, form),
    sign: ({ default: twilio }, { secret, url, form }) => ({
      headers: { "X-Twilio-Signature": twilio.getExpectedTwilioSignature(secret, url, form) },
    }),
  },
  "twilio/json": {
    module: "twilio",
    verify: ({ default: twilio }, { secret, headers, url, text }) =>
      twilio.validateRequestWithBody(secret, headers["x-twilio-signature"], url, text),
  },
  "viber-bot": {
    module: "viber-bot/lib/message/message-validator.js",
    verify: ({ default: MessageValidator }, { secret, headers, bytes }) =>
      new MessageValidator({ debug: () => {} }, secret).validateMessage(
        headers["x-viber-content-signature"],
        bytes,
      ),
  },
  "webflow-api": {
    verify: ({ WebflowClient }, { headers, text: body, secret }) =>
      new WebflowClient({ accessToken: "key" }).webhooks.verifySignature({ headers, body, secret }),
  },
};
