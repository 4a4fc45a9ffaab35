/** How the page is built: static files for any web server. */
import { defineConfig, type UserConfig } from "vite";
import { dataFiles } from "./build/data-files.ts";

const config: UserConfig = defineConfig({
  ...{ root: import.meta.dirname, base: "./" },
  plugins: [dataFiles()],
});
export default config;
