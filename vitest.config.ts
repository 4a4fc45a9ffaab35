import { existsSync } from "node:fs";
import { join } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { shared } from "./scripts/shared.ts";
import { slow } from "./scripts/slow.ts";

// The Vulkan device of scripts/lavapipe.sh, where there is one and no other was named: libraries are found as a process starts.
const lavapipe = join(import.meta.dirname, "node_modules", ".cache", "lavapipe");
if (process.env["VK_ICD_FILENAMES"] === undefined && existsSync(join(lavapipe, "icd.json"))) {
  process.env["VK_ICD_FILENAMES"] = join(lavapipe, "icd.json");
  process.env["LD_LIBRARY_PATH"] = [join(lavapipe, "lib"), process.env["LD_LIBRARY_PATH"]]
    .filter((path) => path !== undefined)
    .join(":");
}

/** What takes long comes first, so that no long file is left to run alone at the end. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = slow.findIndex((path) => moduleId.includes(`/${path}`));
      return place < 0 ? slow.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const config: ViteUserConfig = defineConfig({
  test: {
    env: { npm_lifecycle_event: "" }, // what messages call this program does not depend on how tests were started
    globalSetup: "scripts/transpiled.ts",
    projects: [
      {
        extends: true,
        // Not by `exclude`, which would stand for that of the command line.
        test: { name: "own", include: ["test/**/*.test.ts", `!${shared}`] },
      },
      { extends: true, test: { name: "shared", include: [shared], isolate: false } },
    ],
    // onnxruntime's native module does not load into worker threads twice.
    pool: "forks",
    // Two files at a time, however many cores a container reports: runtimes in tests take one thread each, for
    // onnxruntime's thread pools do not share cores well.
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    testTimeout: 30_000,
  },
});
export default config;
