import { pageOf } from "../../domain/account-answers.ts";
import { NewSecret, NewSource, SourcePatch } from "../../domain/control.ts";
import { NumberedPageQuery, PageQuery } from "../../domain/page.ts";
import { Refusals, Source, SourceSecret } from "../../domain/source-answers.ts";
import type { Section } from "../endpoint.ts";
import { CHANGED, ETAG, IF_MATCH } from "../entity-tags.ts";
import { CREATED, OCCURRED, RECEIVED, SECRET, SOURCE } from "../examples.ts";

const secret = { id: SECRET, hint: "…6789", createdAt: CREATED, expiresAt: null };
const source = {
  id: SOURCE,
  name: "eDRV production",
  ingestPath: `/ingest/${SOURCE}`,
  enabled: true,
  scheme: "auto",
  schemeSeen: "timestamped",
  toleranceSeconds: 300,
  silentAfterSeconds: 3600,
  lastEventAt: RECEIVED,
  secrets: [secret],
  createdAt: CREATED,
  updatedAt: CREATED,
};
const shown = { about: "The source.", schema: Source, example: source, headers: ETAG };

export const sources: Section = {
  name: "Sources",
  about:
    "Ingest URLs and the secrets that their webhooks are signed with, one for each webhook endpoint " +
    "at eDRV; 50 at most. A change that the API has answered is in force for the next event; only " +
    "what narrows a source may take 10 s.",
  endpoints: [
    {
      id: "listSources",
      call: "GET /v1/sources",
      summary: "List the sources",
      access: "reader",
      query: PageQuery,
      answers: {
        200: { about: "A page.", schema: pageOf(Source), example: { items: [source], next: null } },
      },
    },
    {
      id: "createSource",
      call: "POST /v1/sources",
      summary: "Create a source",
      access: "admin",
      body: {
        schema: NewSource,
        example: { name: "eDRV production", secret: "the-secret-eDRV-shows" },
      },
      answers: {
        201: {
          ...shown,
          about: "Created.",
          example: { ...source, schemeSeen: null, lastEventAt: null },
        },
      },
      problems: { limit_reached: "There are 50." },
    },
    {
      id: "getSource",
      call: "GET /v1/sources/{id}",
      summary: "Show a source",
      access: "reader",
      answers: { 200: shown },
    },
    {
      id: "updateSource",
      call: "PATCH /v1/sources/{id}",
      summary: "Change a source",
      about: "What is left out stays as it is.",
      access: "admin",
      headers: IF_MATCH,
      body: { schema: SourcePatch, example: { scheme: "timestamped" } },
      answers: { 200: shown },
      problems: CHANGED,
    },
    {
      id: "deleteSource",
      call: "DELETE /v1/sources/{id}",
      summary: "Delete a source",
      access: "admin",
      headers: IF_MATCH,
      answers: { 204: { about: "Deleted." } },
      problems: CHANGED,
    },
    {
      id: "addSourceSecret",
      call: "POST /v1/sources/{id}/secrets",
      summary: "Add a signing secret",
      about: "The new one works at once, those before it until they expire.",
      access: "admin",
      body: {
        schema: NewSecret,
        example: { secret: "the-next-secret", expirePreviousAfterSeconds: 3600 },
      },
      answers: { 201: { about: "Added.", schema: SourceSecret, example: secret } },
      problems: { limit_reached: "There are 10 live ones." },
    },
    {
      id: "deleteSourceSecret",
      call: "DELETE /v1/sources/{id}/secrets/{secret}",
      summary: "Delete a signing secret",
      access: "admin",
      answers: { 204: { about: "Deleted." } },
    },
    {
      id: "listRefusals",
      call: "GET /v1/sources/{id}/refusals",
      summary: "List the refused requests",
      about: "Newest first: how many were refused in ten seconds, why, and a few of them.",
      access: "reader",
      query: NumberedPageQuery,
      answers: {
        200: {
          about: "A page.",
          schema: pageOf(Refusals),
          example: {
            items: [
              {
                at: RECEIVED,
                reason: "signature_mismatch",
                count: 3,
                samples: [{ at: OCCURRED, size: 612, from: "203.0.113.0/24" }],
              },
            ],
            next: null,
          },
        },
      },
    },
  ],
};
