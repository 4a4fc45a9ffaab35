/** The lab's page as Vite builds it, with a worker that trains nothing, served. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build, preview, type PreviewServer } from "vite";
import { root } from "../source.ts";

export interface Built {
  readonly url: string;
  /** Where the files are. */
  readonly folder: string;
  close(): Promise<void>;
}

export async function builtLab(folder: string): Promise<Built> {
  const page = join(root, "page");
  await build({
    ...{ root: page, base: "./", configFile: false, logLevel: "error", mode: "production" },
    esbuild: { jsx: "automatic", jsxImportSource: "preact", jsxDev: false },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "es2023",
      rollupOptions: { input: join(page, "index.html") },
    },
    plugins: [
      {
        name: "fake worker",
        enforce: "pre",
        resolveId: (name) =>
          name.endsWith("/connection.ts") ? join(root, "test/page/fake-connection.ts") : undefined,
      },
    ],
  });
  const server: PreviewServer = await preview({
    ...{ root: page, configFile: false, logLevel: "error", build: { outDir: folder } },
    preview: { host: "127.0.0.1", port: 0 },
  });
  return {
    url: server.resolvedUrls!.local[0],
    folder,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
