import { html, raw } from "hono/html";

import { Problem } from "../../domain/account-answers.ts";
import { type Endpoint, methodOf, pathOf, type Section } from "../../openapi/endpoint.ts";
import { SchemaBook } from "../../openapi/schemas.ts";
import { SECTIONS } from "../../openapi/sections.ts";
import { describeEndpoint } from "./endpoint.ts";
import { fieldTable } from "./fields.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { type Html, placeOf, prose } from "./text.ts";

/** The whole reference as one page, which needs nothing else and works without its script. */
export function referencePage(version: string): Html {
  const book = new SchemaBook();
  book.show(Problem);
  const sections = SECTIONS.map((section) => describeSection(section, book));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chargewire API</title>
<link rel="icon" href="data:,">
<style>${raw(STYLE)}</style>
</head>
<body>
<div class="page">
<nav aria-label="Endpoints">
<div hidden><input id="filter" type="search" placeholder="Filter ( / )" aria-label="Filter the endpoints" autocomplete="off"></div>
${SECTIONS.map(listSection)}
<h2><a href="#schemas">Schemas</a></h2>
</nav>
<main>
<h1>Chargewire API <small class="who">${version}</small></h1>
${introduction()}
<p id="none" hidden>Nothing here fits the filter.</p>
${sections}
${describeSchemas(book)}
</main>
</div>
<script type="module">${raw(SCRIPT)}</script>
</body>
</html>`;
}

function introduction(): Html {
  return html`<p>The relay for eDRV webhooks. <a href="/openapi.json">openapi.json</a> has the same for
programs: OpenAPI 3.1, for client generators, Postman and the like.</p>
<ul>
<li>JSON in camelCase; times in ISO 8601; ids are opaque.</li>
<li><code>Authorization: Bearer …</code> with the tenant's API key (<code>cw_…</code>), or with the
operator's key for <code>/v1/tenants</code>. What belongs to another tenant is 404.</li>
<li>Lists: <code>?limit=</code> and <code>?after=</code> in, <code>items</code> and <code>next</code>
out; <code>next</code> is null at the end.</li>
<li>Unknown fields in a request are refused. Answers may get further fields: ignore them.</li>
<li>Every answer but 2xx is a <a href="#schema-Problem">problem document</a> (RFC 9457) with a stable
<code>code</code>. Anything can be answered with 500 <code>internal</code>, 503
<code>unavailable</code> or <code>misconfigured</code> and 508 <code>loop_detected</code>; 429 and 503
say in <code>retry-after</code> when to try again.</li>
<li>The examples take the relay's address from <code>$RELAY</code> and keys from <code>$API_KEY</code>
and <code>$OPERATOR_KEY</code>.</li>
</ul>`;
}

function listSection({ name, endpoints }: Section): Html {
  return html`<div data-group><h2><a href="#${placeOf(name)}">${name}</a></h2>
<ul>${endpoints.map(
    (
      endpoint,
    ) => html`<li data-search="${searchText(name, endpoint)}"><a href="#${endpoint.id}"><span
class="method ${methodOf(endpoint)}">${methodOf(endpoint)}</span><span>${endpoint.summary}</span></a></li>`,
  )}</ul></div>`;
}

function describeSection({ name, about, endpoints }: Section, book: SchemaBook): Html {
  return html`<section data-group><h2 id="${placeOf(name)}">${name}</h2>
<p>${prose(about)}</p>
${endpoints.map(
  (endpoint) => html`<article id="${endpoint.id}" data-search="${searchText(name, endpoint)}">
${describeEndpoint(endpoint, book)}</article>`,
)}</section>`;
}

function describeSchemas(book: SchemaBook): Html {
  return html`<section data-group><h2 id="schemas">Schemas</h2>
${Object.entries(book.components()).map(
  ([name, schema]) => html`<article id="schema-${name}" data-search="schema ${name.toLowerCase()}">
<h3>${name}</h3>
${typeof schema.description === "string" ? html`<p>${prose(schema.description)}</p>` : ""}
${fieldTable(schema)}</article>`,
)}</section>`;
}

const searchText = (section: string, endpoint: Endpoint): string =>
  `${section} ${methodOf(endpoint)} ${pathOf(endpoint)} ${endpoint.summary} ${endpoint.id}`.toLowerCase();
