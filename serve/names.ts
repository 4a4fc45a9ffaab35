/** What a server is called: the address that people are told, and the names that it answers to. */
import { hostname, networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import { isIP } from "node:net";

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

/** Whether it listens on every address of the machine. */
const isEvery = (host: string): boolean => host === "0.0.0.0" || host === "::";

/** As an address has it, for others where it listens to them: of every address one that they can reach, else this machine's own. */
export function nameFor(
  host: string,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string {
  const all = Object.values(interfaces).flatMap((one) => one ?? []);
  const others = all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address));
  const reached =
    others.find(({ family }) => family === "IPv4") ?? (host === "::" ? others[0] : undefined);
  const name = isEvery(host) ? (reached?.address ?? (host === "::" ? "::1" : "127.0.0.1")) : host;
  return name.includes(":") ? `[${name}]` : name;
}

/** Whether a Host header names what the server listens on, by whatever port: tunnels have their own. */
export function namesOf(host: string): (asked: string) => boolean {
  const here = hostname().toLowerCase();
  return (asked) => {
    const name = /^(\[[\da-f:.]+\]|[^:[\]]+)(:\d{1,5})?$/i.exec(asked)?.[1];
    if (name === undefined) return false;
    const plain = name.replaceAll(/^\[|\]$/g, "").toLowerCase();
    // No name of somebody else's is an address of numbers.
    if (isEvery(host)) return isIP(plain) !== 0 || plain === "localhost" || plain === here;
    return isLoopback(host) ? isLoopback(plain) : plain === host.toLowerCase();
  };
}
