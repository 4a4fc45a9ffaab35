/** The lab: the page that trains. */
import { render } from "preact";
import { adoptTheme } from "../shared/theme.ts";
import { actionsOn } from "./actions.ts";
import { App } from "./app.tsx";
import { connected } from "./connection.ts";
import { fetched } from "./fetched.ts";
import { newStore } from "./store.ts";

adoptTheme(document);
const store = newStore();
const actions = actionsOn(store, {
  connect: connected,
  show(search, back) {
    if (search === location.search) return;
    if (back) history.pushState(null, "", search);
    else history.replaceState(null, "", search);
  },
  fetched,
  download(name, bytes, type) {
    const url = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type }));
    Object.assign(document.createElement("a"), { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  },
});
render(<App store={store} actions={actions} />, document.getElementById("page")!);
addEventListener("popstate", () => void actions.open(location.search));
void actions.open(location.search);
