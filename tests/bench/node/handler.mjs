// A receiver as the AWS documentation would have one: AWS SDK v3, bundled, and nothing else.

import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const { HOOKDOCK_BUCKET, HOOKDOCK_QUEUE_URL, HOOKDOCK_STACK } = process.env;
// The stand-in for S3 has no host name for each bucket.
const s3 = new S3Client({ forcePathStyle: true });
const sqs = new SQSClient({});
const secrets = new SecretsManagerClient({});

const SecretId = `${HOOKDOCK_STACK}/endpoint/github`;
const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
const secret = JSON.parse(SecretString).secrets[0].value;

export async function handler(event) {
  const body = Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8");
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const presented = Buffer.from(event.headers["x-hub-signature-256"] ?? "");
  if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) {
    return { statusCode: 401 };
  }

  const id = randomUUID();
  const key = `deliveries/github/${id}.json`;
  const stored = JSON.stringify({ id, headers: event.headers, body: body.toString() });
  await s3.send(new PutObjectCommand({ Bucket: HOOKDOCK_BUCKET, Key: key, Body: stored }));
  const sha256 = createHash("sha256").update(body).digest("hex");
  const reference = { id, key, type: event.headers["x-github-event"], sha256 };
  const message = { QueueUrl: HOOKDOCK_QUEUE_URL, MessageBody: JSON.stringify(reference) };
  await sqs.send(new SendMessageCommand(message));
  return { statusCode: 200 };
}
