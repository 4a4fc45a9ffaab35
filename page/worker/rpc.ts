/** Asks and answers over messages, with what is told unasked beside them: both sides of a worker's port. */

/** A worker as its page has it, or what a worker is to itself. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

interface Ask {
  readonly ask: number;
  readonly method: string;
  readonly args: readonly unknown[];
}
interface Answer {
  readonly answer: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
}
interface Telling {
  readonly told: unknown;
}
type Methods<T> = { readonly [K in keyof T]: (...args: never[]) => Promise<unknown> };

/** Answers what is asked through the port. */
export function answering<T extends Methods<T>>(port: Port, methods: T): void {
  const known = new Map<string, (...args: unknown[]) => Promise<unknown>>(Object.entries(methods));
  port.addEventListener("message", ({ data }) => {
    const { ask, method, args } = data as Ask;
    const act = known.get(method);
    const answer = (rest: Omit<Answer, "answer">): void => {
      port.postMessage({ answer: ask, ...rest });
    };
    Promise.resolve(
      act
        ? act(...args)
        : Promise.reject(
            new Error(
              `${method}: expected a method of this worker, got another name; load the page again`,
            ),
          ),
    )
      .then((value) => answer({ value }))
      .catch((error: unknown) => answer({ error: said(error) }));
  });
}

const said = (error: unknown): NonNullable<Answer["error"]> =>
  error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };

/** Tells through the port, unasked. */
export const telling =
  (port: Pick<Port, "postMessage">) =>
  (told: object): void =>
    port.postMessage({ told });

export interface Asking<T, Told> {
  /** Every method of the other side. */
  readonly methods: T;
  onTold(listener: (told: Told) => void): void;
  /** No answer comes any more: what waits for one, and what is asked from now on, fails. */
  close(why: string): void;
}

/** What is thrown for what nobody answers any more. */
const CLOSED = "Closed";
export const isClosed = (error: unknown): boolean =>
  error instanceof Error && error.name === CLOSED;

/** The other end: each call is a message, and what it gives the answer to it. */
export function asking<T extends Methods<T>, Told>(port: Port): Asking<T, Told> {
  const open = new Map<number, (answer: Answer) => void>();
  const listeners: ((told: Told) => void)[] = [];
  let count = 0;
  let closed: NonNullable<Answer["error"]> | undefined;
  port.addEventListener("message", ({ data }) => {
    const message = data as Answer | Telling;
    if ("told" in message) for (const listener of listeners) listener(message.told as Told);
    else open.get(message.answer)?.(message);
  });
  const call = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((done, fail) => {
      const ask = count++;
      open.set(ask, ({ value, error }) => {
        open.delete(ask);
        if (error) fail(Object.assign(new Error(error.message), { name: error.name }));
        else done(value);
      });
      if (closed) open.get(ask)!({ answer: ask, error: closed });
      else port.postMessage({ ask, method, args });
    });
  const methods = new Proxy({} as T, {
    get: (_, name) =>
      typeof name === "string" && name !== "then" // as it is no promise
        ? (...args: readonly unknown[]) => call(name, args)
        : undefined,
  });
  return {
    methods,
    onTold: (listener) => void listeners.push(listener),
    close(why) {
      closed = {
        name: CLOSED,
        message: `worker: expected an answer, got none (${why}); ask again`,
      };
      for (const [ask, answered] of open) answered({ answer: ask, error: closed });
    },
  };
}
