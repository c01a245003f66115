import * as z from "zod";

/** A filter in a URL, as http/validation.ts reads it: its parts are checked by domain/filter.ts. */
export const FilterQuery = z.object({
  types: z.string().optional().describe("Type patterns, separated by commas: `session.*`."),
  stations: z.string().optional().describe("Station ids, separated by commas."),
  match: z.string().optional().describe('JSON: `{"data.status": "Started"}`.'),
});
