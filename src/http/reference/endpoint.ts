import { html } from "hono/html";
import { curlOf } from "../../openapi/curl.ts";
import {
  type Access,
  type Answer,
  type Endpoint,
  methodOf,
  pathOf,
} from "../../openapi/endpoint.ts";
import { limitsOf, nameOf, typeOf } from "../../openapi/fields.ts";
import { refusalsOf } from "../../openapi/problems.ts";
import type { SchemaBook } from "../../openapi/schemas.ts";
import { fieldTable, type Row, rows, typeLink } from "./fields.ts";
import { type Html, prose } from "./text.ts";

const WHO: Readonly<Record<Access, string>> = {
  open: "Anybody.",
  signature: "eDRV, by its signature in `edrv-signature`.",
  operator: "The operator's key.",
  reader: "An API key of any role.",
  admin: "An API key of the role `admin`.",
  grant: "An API key of any role, or a subscriber token.",
  stream: "An API key of any role, a subscriber token, or a ticket as `?ticket=`.",
};

export function describeEndpoint(endpoint: Endpoint, book: SchemaBook): Html {
  const { id, summary, about, access, body } = endpoint;
  const method = methodOf(endpoint);
  return html`<h3><a href="#${id}">${summary}</a></h3>
<div class="call"><span class="method ${method}">${method}</span><span>${pathOf(endpoint)}</span></div>
${about === undefined ? "" : html`<p>${prose(about)}</p>`}
<p class="who">${prose(WHO[access])}</p>
${describeParameters(endpoint, book)}
${body === undefined ? "" : html`<h4>Body${body.optional ? ", may be left out" : ""}</h4>${bodyTable(endpoint, book)}`}
<h4>Example</h4>
<pre class="copy"><code>${curlOf(endpoint)}</code></pre>
<h4>Answers</h4>
${Object.entries(endpoint.answers).map(([status, answer]) => describeAnswer(status, answer, book))}
${describeRefusals(endpoint)}`;
}

function bodyTable({ body }: Endpoint, book: SchemaBook): Html | string {
  if (body === undefined) return "";
  const shown = book.show(body.schema);
  return fieldTable(book.components()[nameOf(shown) ?? ""] ?? shown);
}

function describeParameters({ query, headers = {} }: Endpoint, book: SchemaBook): Html | string {
  const queries = Object.entries(query?.shape ?? {}).map(([name, schema]): Row => {
    const shown = book.show(schema);
    const about = typeof shown.description === "string" ? shown.description : "";
    const limits = limitsOf(shown);
    return { name: `?${name}=`, type: typeOf(shown), named: null, note: "", limits, about };
  });
  const others = Object.entries(headers).map(
    ([name, about]): Row => ({ name, type: "header", named: null, note: "", limits: "", about }),
  );
  const all = [...queries, ...others];
  return all.length === 0 ? "" : html`<h4>Parameters</h4>${rows(all)}`;
}

function describeAnswer(status: string, answer: Answer, book: SchemaBook): Html {
  const { about, schema, example, type } = answer;
  const shown = schema === undefined ? null : book.show(schema);
  const named = shown === null ? null : (nameOf(shown) ?? itemNameOf(shown));
  const link =
    shown === null || type !== undefined || named === null ? "" : html` ${typeLink(named, named)}.`;
  return html`<p><code>${status}</code> ${prose(about)}${link}</p>
${example === undefined ? "" : html`<details><summary>Example</summary><pre><code>${exampleText(example)}</code></pre></details>`}`;
}

/** Of a page: what its items are. */
function itemNameOf({ properties }: { readonly properties?: unknown }): string | null {
  const text = JSON.stringify(properties ?? {});
  return (
    /"items":\{"type":"array","items":\{"\$ref":"#\/components\/schemas\/(\w+)"/.exec(text)?.[1] ??
    null
  );
}

function describeRefusals(endpoint: Endpoint): Html | string {
  const refusals = refusalsOf(endpoint);
  if (refusals.length === 0) return "";
  return html`<table>${refusals.map(
    ({ status, code, when }) =>
      html`<tr><td><code>${status}</code> <code>${code}</code></td><td><p>${prose(when)}</p></td></tr>`,
  )}</table>`;
}

const exampleText = (example: unknown): string =>
  typeof example === "string" ? example : JSON.stringify(example, null, 2);
