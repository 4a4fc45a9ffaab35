/** How the page is built: static files for any web server, in any folder of it. */
import { join } from "node:path";
import { defineConfig, type UserConfig } from "vite";
import { devHeaders, pageHeaders } from "../serve/policy.ts";
import { browserBuilds } from "./build/browser-builds.ts";
import { dataFiles } from "./build/data-files.ts";

const root = import.meta.dirname;

const config: UserConfig = defineConfig({
  root,
  base: "./",
  plugins: [browserBuilds(), dataFiles()],
  build: {
    target: "es2023",
    emptyOutDir: true,
    modulePreload: { polyfill: false }, // browsers that run the page have it
    assetsInlineLimit: 0, // a data: address is no script or font that the policy lets in
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: [join(root, "index.html"), join(root, "runs.html")] },
  },
  worker: { format: "es" },
  resolve: {
    alias: {
      // 27 MB that emulate waiting, for browsers which have WebGPU but cannot wait for it by themselves.
      "onnxruntime-web/webgpu": join(root, "worker", "no-emulated-waiting.ts"),
    },
  },
  optimizeDeps: { exclude: ["onnxruntime-web"] }, // or scripts are moved away from their .wasm
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  server: { headers: { ...devHeaders } },
  preview: { headers: { ...pageHeaders } },
});
export default config;
