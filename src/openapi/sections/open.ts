import { Health } from "../../domain/account-answers.ts";
import type { Section } from "../endpoint.ts";

export const open: Section = {
  name: "Relay",
  about: "The relay itself.",
  endpoints: [
    {
      id: "getHealth",
      call: "GET /health",
      summary: "Whether the relay is up",
      about: "Reads from storage, once a second at most. Needs no key and creates nothing.",
      access: "open",
      answers: {
        200: {
          about: "It is.",
          schema: Health,
          example: { status: "ok", version: "0.4.0", storage: "ok" },
        },
      },
      problems: { unavailable: "The storage does not answer." },
    },
    {
      id: "getOpenApi",
      call: "GET /openapi.json",
      summary: "This document",
      about: "OpenAPI 3.1, for generating clients and for other readers of it.",
      access: "open",
      answers: { 200: { about: "The document.", type: "application/json" } },
    },
    {
      id: "getDocs",
      call: "GET /docs",
      summary: "This document, to be read",
      access: "open",
      answers: { 200: { about: "A page that loads nothing else.", type: "text/html" } },
    },
  ],
};
