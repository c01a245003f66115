import { html } from "hono/html";

export type Html = ReturnType<typeof html>;

/** Text with `code` in it. */
export const prose = (text: string): Html =>
  html`${text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;

/** Where a section is found, which no endpoint of the same name takes. */
export const placeOf = (section: string): string =>
  `section-${section.toLowerCase().replaceAll(/\W+/g, "-")}`;
