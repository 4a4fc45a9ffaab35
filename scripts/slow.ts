/** Tests that train, play or run the command line: they are started first, and `npm run -s test:quick` leaves them out. */
export const slow = [
  "test/cli/",
  "test/conformance/",
  "test/experiments/",
  "test/readme.test.ts",
] as const;
