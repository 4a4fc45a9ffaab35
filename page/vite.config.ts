/** How the page is built: static files for any web server. */
import { defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({ root: import.meta.dirname, base: "./" });
export default config;
