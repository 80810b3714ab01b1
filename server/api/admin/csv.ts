/** What spreadsheets take for the beginning of a formula (OWASP, CSV Injection). */
const formula = /^[=+\-@\t\r]/;

/**
 * A line of CSV (RFC 4180), every field in quotes. A field that a spreadsheet would compute gets an apostrophe before it, which shows
 * it as text: names and addresses in it were chosen by others.
 */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(text: string): string {
  const harmless = formula.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
