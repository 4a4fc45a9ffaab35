/** Tests that train, play, draw reports, or take seconds for another reason: they are started first, and `npm run -s test:quick` leaves them out. */
export const slow = [
  "test/kills.test.ts",
  "test/cli/",
  "test/conformance/",
  "test/import/backend-suite.test.ts",
  "test/experiments/",
  "test/runs/",
  "test/report/",
  "test/fuzz.test.ts",
  "test/graph/random.test.ts",
  "test/nn/initialization.test.ts",
  "test/guide.test.ts",
  "test/browser.test.ts",
  "test/tarball.test.ts",
  "test/web.test.ts",
] as const;
