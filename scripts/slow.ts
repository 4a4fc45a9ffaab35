/** Tests that train, play or draw reports: they are started first, and `npm run -s test:quick` leaves them out. */
export const slow = [
  "test/cli/",
  "test/conformance/",
  "test/experiments/",
  "test/runs/",
  "test/report/",
  "test/readme.test.ts",
] as const;
