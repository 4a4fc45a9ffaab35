/** Whether this browser lends a graphics card, and what it is called. */
interface Gpu {
  requestAdapter(): Promise<{
    readonly info?: {
      readonly vendor?: string;
      readonly architecture?: string;
      readonly isFallbackAdapter?: boolean;
    };
  } | null>;
}
/** What is known of a page or a worker; its types are the browser's own, which a library must not ask for. */
interface Here {
  readonly isSecureContext?: boolean;
  readonly navigator?: { readonly gpu?: Gpu };
}

export interface Adapter {
  /** "nvidia ampere", as far as the browser says. */
  readonly name: string;
  /** Whether the processor does its work: right, and slow. */
  readonly isSoftware: boolean;
}

/** The adapter, or why there is none, in words that follow "because". */
export async function adapterHere(): Promise<Adapter | string> {
  const { isSecureContext, navigator } = globalThis as Here;
  if (!navigator?.gpu)
    return isSecureContext === false
      ? "a browser has WebGPU only for pages that come by https or from localhost"
      : "there is no WebGPU here";
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) return "the browser lends no graphics card";
  const { vendor = "", architecture = "", isFallbackAdapter = false } = adapter.info ?? {};
  return {
    name: [vendor, architecture].filter(Boolean).join(" ") || "a graphics card without a name",
    isSoftware: isFallbackAdapter || architecture === "swiftshader",
  };
}

/** What to do in a browser without a card. */
export const ADVICE = "try another browser, turn on its hardware acceleration, or use webRuntime()";

export const noAdapter = (where: string, why: string): Error =>
  new Error(`${where}: expected a graphics card, got none because ${why}; ${ADVICE}`);
