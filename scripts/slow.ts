/** Tests that train, play, draw reports, or take seconds for another reason: they are started first, and `npm run -s test:quick` leaves them out. */
export const slow = [
  "test/kills.test.ts",
  "test/guide.test.ts",
  "test/conformance/",
  "test/tarball.test.ts",
  "test/browser.test.ts",
  "test/cli/",
  "test/import/",
  "test/experiments/",
  "test/runs/",
  "test/export/",
  "test/checkpoints/",
  "test/report/",
  "test/fuzz.test.ts",
  "test/graph/random.test.ts",
  "test/nn/initialization.test.ts",
  "test/web.test.ts",
] as const;
