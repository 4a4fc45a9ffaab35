/** Packages that have a build of their own for browsers, by another path: their usual one knows Node. */
import type { Plugin } from "vite";

export const browserBuilds = (): Plugin => ({
  name: "browser-builds",
  config: () => ({ resolve: { alias: { "csv-parse/sync": "csv-parse/browser/esm/sync" } } }),
});
