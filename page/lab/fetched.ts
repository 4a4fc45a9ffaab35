/** Files at addresses, of which only those of the page's own server are taken: a link must not make it read what others say. */
import type { Dropped } from "../worker/protocol.ts";

export async function fetched(address: string): Promise<Dropped> {
  const url = new URL(address, document.baseURI);
  if (url.origin !== location.origin)
    throw new Error(
      `checkpoint: expected an address of this page's server, got one of ${url.origin}; save the file from there and open it here`,
    );
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(
      `${address}: expected a checkpoint, got status ${response.status}; see whether its run is still there`,
    );
  const name = decodeURIComponent(url.pathname.split("/").at(-1)!);
  return { path: name, file: new File([await response.blob()], name) };
}
