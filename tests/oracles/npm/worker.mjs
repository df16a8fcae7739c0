// Asks the SDKs of sdks.mjs: one question a line, one answer a line, JSON both ways.

import { createInterface } from "node:readline";
import sdks from "./sdks.mjs";

// Standard output belongs to the answers.
console.log = console.info = console.debug = console.error;

/** What an SDK is handed: the question with the body in each form that SDKs want. */
class Request {
  constructor({ secret, method, url, headers, body_base64, settings }) {
    Object.assign(this, { secret, method, url, settings });
    this.headers = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
    this.bytes = Buffer.from(body_base64, "base64");
  }

  get text() {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes);
  }

  get json() {
    return JSON.parse(this.text);
  }

  get form() {
    const form = {};
    for (const [name, value] of new URLSearchParams(this.text)) {
      form[name] = name in form ? [form[name], value].flat() : value;
    }
    return form;
  }

  get query() {
    return Object.fromEntries(new URL(this.url).searchParams);
  }

  get path() {
    const { pathname, search } = new URL(this.url);
    return pathname + search;
  }

  /** The request as the Fetch API has it. */
  get fetch() {
    const { method, headers, bytes: body } = this;
    return new globalThis.Request(this.url, { method, headers, body });
  }
}

async function answer(question) {
  const { module = question.sdk, verify, sign } = sdks[question.sdk];
  const library = await import(module);
  const request = new Request(question);
  if (question.op === "sign") {
    return await sign(library, request);
  }
  const verdict = await verify(library, request);
  return verdict === false ? { ok: false, why: "false" } : { ok: true };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answered = await answer(JSON.parse(line)).catch((error) => ({
    ok: false,
    why: `${error?.name}: ${error?.message}`,
  }));
  process.stdout.write(`${JSON.stringify(answered)}\n`);
}
