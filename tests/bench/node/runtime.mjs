// The loop that Lambda's own runtime for Node.js runs, without what it does for logs.

import { Agent, request } from "node:http";

const agent = new Agent({ keepAlive: true });
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const options = { agent, host, port, method, path: `/2018-06-01/runtime/invocation${path}` };
    const sent = request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        resolve({ id: response.headers["lambda-runtime-aws-request-id"], text: Buffer.concat(chunks) });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const { handler } = await import("./handler.mjs");
for (;;) {
  const { id, text } = await call("GET", "/next");
  const answer = await handler(JSON.parse(text.toString()), { awsRequestId: id });
  await call("POST", `/${id}/response`, JSON.stringify(answer));
}
