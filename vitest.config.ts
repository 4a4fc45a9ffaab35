import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    env: { npm_lifecycle_event: "" }, // what messages call this program does not depend on how tests were started
    include: ["test/**/*.test.ts"],
    // onnxruntime's thread pools do not share two cores well, and its native module does not load into worker threads twice.
    pool: "forks",
    testTimeout: 30_000,
  },
});
export default config;
