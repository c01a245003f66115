import { html } from "hono/html";

export type Html = ReturnType<typeof html>;

/** Text with `code` in it. */
export const prose = (text: string): Html =>
  html`${text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;

export const slug = (text: string): string => text.toLowerCase().replaceAll(/\W+/g, "-");
