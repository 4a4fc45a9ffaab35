/** Who may ask: only to look, by a name of this machine, from this page and no other, and with the token where there is one. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { namesOf } from "./names.ts";
import { dataHeaders } from "./policy.ts";

export interface GuardOptions {
  /** What the server listens on. */
  readonly host: string;
  readonly token?: string;
}

export function guard({ host, token }: GuardOptions): MiddlewareHandler {
  const isOurs = namesOf(host);
  // Cookies know no ports: servers beside each other have one each.
  const cookie = `weightnorm-${token === undefined ? "" : digest(token).toString("hex").slice(0, 8)}`;
  return async (context, next) => {
    const { req } = context;
    const refuse = (status: 400 | 401 | 403 | 405 | 421, message: string): Response =>
      context.text(`${message}\n`, status, { ...dataHeaders });
    if (req.method !== "GET" && req.method !== "HEAD") {
      context.header("Allow", "GET, HEAD");
      return refuse(
        405,
        `${req.method.slice(0, 20)}: expected GET or HEAD, got another method; nothing can be changed here`,
      );
    }
    const asked = req.header("Host");
    // A name of somebody else's that was made to lead here would let their page read what is here.
    if (asked === undefined || !isOurs(asked))
      return refuse(
        421,
        "Host: expected a name of this machine, got another one; open the address that weightnorm page printed",
      );
    const origin = req.header("Origin");
    if (origin !== undefined && !isOriginOf(origin, asked))
      return refuse(403, "Origin: expected this page, got another one; open this one by itself");
    if (token === undefined) return next();
    const url = new URL(req.url);
    const given = url.searchParams.get("token");
    if (given !== null && isSame(given, token)) {
      url.searchParams.delete("token");
      // Lax: whoever follows a link of another site, a chat's, is redirected, and a strict cookie would not go with them. Nothing can
      // be changed here, so that there is nothing to be led to by such a link.
      setCookie(context, cookie, token, { httpOnly: true, sameSite: "Lax", path: "/" });
      for (const [name, value] of Object.entries(dataHeaders)) context.header(name, value);
      context.header("Cache-Control", "no-store");
      return context.redirect(`${url.pathname}${url.search}`.replace(/^\/+/, "/"), 303);
    }
    const kept = getCookie(context, cookie);
    if (kept !== undefined && isSame(kept, token)) return next();
    return refuse(
      401,
      "token: expected the one that weightnorm page printed, got none or another; open the address that it printed, with ?token=",
    );
  };
}

function isOriginOf(origin: string, host: string): boolean {
  try {
    const { protocol, host: from } = new URL(origin);
    const [own] = [new URL(`${protocol}//${host}`).host];
    return /^https?:$/.test(protocol) && from === own;
  } catch {
    return false; // "null", of a page without an origin
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
/** In a time that does not tell how much of it was right. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
