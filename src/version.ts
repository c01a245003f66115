import { version } from "../package.json";

/** The relay's version, as the package has it. */
export const VERSION = version;
