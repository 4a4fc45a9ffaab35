/** What a browser may do with what the server sends: headers, which the dev server and the preview of the page send too. */

export type Headers = Readonly<Record<string, string>>;

/** Of everything: taken for what it is called, embedded by nobody else, and nobody is told where people came from. */
const EVERYWHERE: Headers = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp", // isolated, a page may use threads
  "Cross-Origin-Resource-Policy": "same-origin",
};
const NOBODY = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Of the page and all that it is made of: its own scripts and styles, WebAssembly, and no text evaluated. */
export const pageHeaders: Headers = policyOf({ styles: "'self'", connect: "'self'" });

/** The same for Vite's dev server, which puts styles into the page and talks to it. */
export const devHeaders: Headers = policyOf({
  styles: "'self' 'unsafe-inline'",
  connect: "'self' ws:",
});

/** Of a report: one file without scripts, whose styles are within it. */
export const reportHeaders: Headers = {
  ...EVERYWHERE,
  "Content-Security-Policy": `default-src 'none'; style-src 'unsafe-inline'; img-src data:; ${NOBODY}`,
};

/** Of data, which are no page even where a browser is sent to them. */
export const dataHeaders: Headers = {
  ...EVERYWHERE,
  "Content-Security-Policy": `default-src 'none'; ${NOBODY}`,
};

function policyOf({ styles, connect }: { styles: string; connect: string }): Headers {
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `style-src ${styles}`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    NOBODY,
  ].join("; ");
  return { ...EVERYWHERE, "Content-Security-Policy": policy };
}
