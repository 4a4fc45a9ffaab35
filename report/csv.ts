/** Tables as files that spreadsheets read. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** As RFC 4180 has it, but with line feeds alone. */
export const csvOf = ({ columns, rows }: Rows): string =>
  [columns, ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");

const quoted = (value: string | number): string =>
  /[",\r\n]|^\s|\s$/.test(String(value))
    ? `"${String(value).replaceAll('"', '""')}"`
    : String(value);
