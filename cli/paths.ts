/** How paths and commands are shown, so that they can be typed as they stand. */
import { relative } from "node:path";

/** Relative where that is shorter to read. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short || ".";
}

/** How this command line was called: through the clone's npm script, npx, or by its name. */
export const COMMAND: string =
  {
    start: "npm run -s weightnorm --",
    weightnorm: "npm run -s weightnorm --",
    npx: "npx weightnorm",
  }[process.env["npm_lifecycle_event"] ?? ""] ?? "weightnorm";
