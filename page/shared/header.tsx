/** What stands above both views: what this is, and the way to the other one. */
export function Header({ here }: { readonly here: "lab" | "runs" }) {
  const current = (view: typeof here): "page" | undefined => (view === here ? "page" : undefined);
  return (
    <header class="top">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <span class="wordmark" aria-hidden="true">
        w = g <i>v</i>/|<i>v</i>|
      </span>
      <span class="name">weightnorm</span>
      <nav aria-label="Views">
        <a href="./index.html" aria-current={current("lab")}>
          Lab
        </a>
        <a href="./runs.html" aria-current={current("runs")}>
          Runs
        </a>
      </nav>
    </header>
  );
}
