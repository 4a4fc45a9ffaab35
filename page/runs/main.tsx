/** The runs view: what trains elsewhere, watched. */
import { render } from "preact";
import { adoptTheme } from "../shared/theme.ts";
import { App } from "./app.tsx";

adoptTheme(document);
render(<App />, document.getElementById("page")!);
