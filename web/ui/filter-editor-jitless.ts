import * as z from "zod";

/*
 * The page's policy forbids `eval`, and zod tries whether it may when a schema is made: this must be
 * imported before anything that makes one.
 */
z.config({ jitless: true });
