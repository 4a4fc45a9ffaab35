/** A file from its header, written as it stands, and its data. */
export const fileOf = (header: unknown, data: readonly number[] | Uint8Array = []): Uint8Array => {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const length = [text.length & 255, text.length >> 8, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([...length, ...text, ...data]);
};
