import { html } from "hono/html";

import { type Field, fieldsOf, nameOf, typeOf } from "../../openapi/fields.ts";
import type { JsonSchema } from "../../openapi/schemas.ts";
import { type Html, prose } from "./text.ts";

/** An object's fields, one a row; of anything else what it is. */
export function fieldTable(schema: JsonSchema): Html {
  const fields = fieldsOf(schema);
  if (fields.length === 0) return html`<p>${typeLink(typeOf(schema), nameOf(schema))}</p>`;
  return rows(fields.map((field) => ({ ...field, note: field.isRequired ? "" : "optional" })));
}

export type Row = Omit<Field, "isRequired"> & { readonly note: string };

export function rows(all: readonly Row[]): Html {
  return html`<table>${all.map(
    ({ name, type, named, note, limits, about }) => html`<tr><td><code>${name}</code>
<small>${typeLink(type, named)}${[note, limits].filter((text) => text !== "").map((text) => `, ${text}`)}</small></td>
<td>${about === "" ? "" : html`<p>${prose(about)}</p>`}</td></tr>`,
  )}</table>`;
}

/** The type, with a link to the schema that it names. */
export function typeLink(type: string, named: string | null): Html {
  if (named === null || !type.includes(named)) return html`${type}`;
  const at = type.indexOf(named);
  const link = html`<a href="#schema-${named}">${named}</a>`;
  return html`${type.slice(0, at)}${link}${type.slice(at + named.length)}`;
}
