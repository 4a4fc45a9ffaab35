/** Tests that train, play or draw reports: they are started first, and `npm run -s test:quick` leaves them out. */
export const slow = [
  "test/kills.test.ts",
  "test/cli/",
  "test/conformance/",
  "test/experiments/",
  "test/runs/",
  "test/report/",
  "test/fuzz.test.ts",
  "test/readme.test.ts",
] as const;
