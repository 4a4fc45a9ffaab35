/** Whether the server answers; where there is none, how to start one. */
import type { Link } from "./told.ts";

/** Said where something is amiss, and only then. */
export function Connection({ link }: { readonly link: Link }) {
  return (
    <p class={link === "lost" ? "banner" : "banner none"} role="status">
      {link === "lost"
        ? "The connection to the server is lost. What is shown may be old; the page connects again by itself."
        : ""}
    </p>
  );
}

export function Absent() {
  return (
    <section class="absent">
      <h1>No server of runs answers here</h1>
      <p>
        This view watches the runs of a folder on your machine while they train. For that a small
        server must read the folder; these pages alone, from a web server for static files, cannot.
      </p>
      <ol>
        <li>
          Train something into a folder:
          <pre>
            <code>npx weightnorm compare mnist --out runs/first</code>
          </pre>
        </li>
        <li>
          Watch it, from another terminal:
          <pre>
            <code>npx weightnorm page runs</code>
          </pre>
        </li>
        <li>Open the address that this prints.</li>
      </ol>
      <p class="quiet">
        If it runs already, it may just have stopped: this page asks again every few seconds. What
        trains in this browser is in the <a href="index.html">lab</a>.
      </p>
    </section>
  );
}
