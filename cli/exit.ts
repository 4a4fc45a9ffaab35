/** A command that has said all there is to say, and ends with a code of its own. */
export class Exit extends Error {
  override readonly name = "Exit";
  readonly code: number;
  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

/** Ends the command with a code; 0 goes on. */
export function exitWith(code: number): void {
  if (code !== 0) throw new Exit(code);
}
