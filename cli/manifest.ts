/** What this package's own package.json says. */
import { createRequire } from "node:module";

export interface Manifest {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export function manifest(): Manifest {
  const require = createRequire(import.meta.url);
  for (const path of ["../package.json", "../../package.json"])
    try {
      return require(path) as Manifest;
    } catch {
      continue; // the source and the built file lie at different depths
    }
  return { version: "unknown", peerDependencies: {} };
}
