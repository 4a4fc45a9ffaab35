import { defineConfig } from "vite";

/** What the page may do: run WebAssembly and its own scripts, and evaluate no text. Your server should send the same. */
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:";
const headers = {
  "Content-Security-Policy": policy,
  // Isolated, a page may use threads.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  worker: { format: "es" },
  build: { target: "es2023" },
  optimizeDeps: { exclude: ["weightnorm", "onnxruntime-web"] }, // or scripts are moved away from their .wasm
  // The dev server puts styles into the page, and talks to it.
  server: {
    headers: {
      ...headers,
      "Content-Security-Policy": `${policy}; style-src 'self' 'unsafe-inline'; connect-src 'self' ws:`,
    },
  },
  preview: { headers },
});
