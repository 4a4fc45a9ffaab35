/** JSON of which only the start was read. */

/** The entries of an object, as far as its text goes: those that are whole. */
export function entriesOf(text: string): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  let depth = 0;
  let from = 0;
  let isText = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (isText) {
      if (c === "\\") i++;
      else if (c === '"') isText = false;
      continue;
    }
    if (c === '"') isText = true;
    else if ((c === "{" || c === "[") && ++depth === 1) from = i + 1;
    else if (c === "}" || c === "]") depth--;
    const isEnd = depth === 0 ? c === "}" : depth === 1 && c === ",";
    if (!isEnd) continue;
    const entry = entryIn(text.slice(from, i));
    if (!entry) return found;
    for (const [name, value] of entry) found.set(name, value);
    from = i + 1;
    if (depth === 0) return found;
  }
  return found;
}

function entryIn(text: string): readonly (readonly [string, unknown])[] | undefined {
  try {
    return Object.entries(JSON.parse(`{${text}}`) as object);
  } catch {
    return undefined;
  }
}
