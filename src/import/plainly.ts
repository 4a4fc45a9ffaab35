/** Messages that quote a file: on one line, of some length, whatever the file calls its values. */
import { printable } from "../graph/index.ts";

/** Characters of a message; what is said first says what is wrong, what is said last what to do. */
const [FIRST, LAST] = [600, 300];

/** What `f` gives; an error of it with what moves a cursor written out, and shortened in its middle. */
export function plainly<T>(f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { message } = error;
    const text = printable(message);
    const short =
      text.length <= FIRST + LAST ? text : `${text.slice(0, FIRST)} ... ${text.slice(-LAST)}`;
    if (short === message) throw error;
    throw new Error(short, { cause: error });
  }
}
