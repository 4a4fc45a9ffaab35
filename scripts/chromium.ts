/** Pages in the system's Chromium, as tests and benches open them. */
import { spawnSync } from "node:child_process";
import { chromium as driver, type Browser, type Page } from "playwright-core";

/** The browser's name on the path, where there is one. */
export const chromium: string | undefined = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);

/** What a test that needs one says where it is skipped. */
export const NO_CHROMIUM = "skipped where no chromium is on the path";

/** What keeps it from asking the network for anything but pages. */
const QUIET = [
  ...["--no-first-run", "--disable-background-networking", "--disable-component-update"],
  ...["--disable-sync", "--disable-quic", "--disable-dev-shm-usage"],
];
/**
 * WebAssembly is compiled once, to code that is slower and has the same bits: compiling onnxruntime anew in the background, for speed, is two fifths of the CPU
 * time of a training of seconds (docs/decisions/0011).
 */
const BRIEF = ["--js-flags=--liftoff-only"];
/** A graphics card of software, the same on every machine. */
const SOFTWARE_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Starts Chromium, without a window; `webgpu` gives it an adapter, which it lacks otherwise, and `brief` is for trainings of seconds, which are not timed. */
export async function openChromium({
  webgpu = false,
  brief = false,
}: { readonly webgpu?: boolean; readonly brief?: boolean } = {}): Promise<Browser> {
  const path = chromium && spawnSync("which", [chromium]).stdout.toString().trim();
  if (path === undefined)
    throw new Error("openChromium: expected chromium on the path, got none; install chromium");
  return driver.launch({
    executablePath: path,
    headless: false, // as Chromium has it: the driver's own way asks for a build of its own
    args: [
      ...["--headless=new", "--no-sandbox", ...QUIET],
      ...(webgpu ? SOFTWARE_WEBGPU : []),
      ...(brief ? BRIEF : []),
    ],
  });
}

/** Opens an address in a page of its own, and takes what it says on the console until that is enough, or an error. */
export async function heard(
  browser: Browser,
  url: string,
  isEnough: (lines: readonly string[]) => boolean,
): Promise<readonly string[]> {
  const page = await browser.newPage();
  const lines: string[] = [];
  try {
    await new Promise<void>((done, fail) => {
      onErrors(page, fail);
      page.on("console", (message) => {
        if (message.args().length === 0) return; // the browser's own words
        void Promise.all(message.args().map((x) => x.jsonValue())).then((values: unknown[]) => {
          const words = values.map((x) => (typeof x === "string" ? x : JSON.stringify(x)));
          lines.push(words.join(" "));
          if (isEnough(lines)) done();
        }, fail);
      });
      page.goto(url).catch(fail);
    });
  } finally {
    await page.close();
  }
  return lines;
}

/** Calls `fail` with what goes wrong in a page or its workers. */
export function onErrors(page: Page, fail: (error: Error) => void): void {
  page.on("pageerror", fail);
  page.on("crash", () => fail(new Error("the page crashed")));
  page.on("response", (response) => {
    const isAsked = !response.url().endsWith("/favicon.ico"); // by a page, not by the browser
    if (response.status() >= 400 && isAsked)
      fail(new Error(`${response.url()} failed: status ${response.status()}`));
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "no reason";
    const isLeft = reason === "net::ERR_ABORTED"; // as the page was loaded again
    if (!isLeft) fail(new Error(`${request.url()} failed: ${reason}`));
  });
}
