/** What processes of a lab tell the test, a line of JSON each. */
export type Report =
  /** A canary listens. */
  | { readonly event: 'listening' }
  /** A canary was reached. */
  | { readonly event: 'datagram'; readonly text: string }
  /** How CreatePermission and ChannelBind for a peer were answered: an error code, 0 for success, null for silence. */
  | {
      readonly event: 'answered';
      readonly peer: string;
      readonly permission: number | null;
      readonly channel: number | null;
    }
  /** A metadata service was asked, e.g. `GET /latest/meta-data/public-ipv4`. */
  | { readonly event: 'asked'; readonly request: string }
  /** A client's relay brought it data from a peer. */
  | { readonly event: 'relayed'; readonly text: string }
  /** Everything that was asked for has been sent. */
  | { readonly event: 'done' };

/** Tells the test. */
export function report(line: Report): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** All reports of one kind in a process's output so far. */
export function reports<Event extends Report['event']>(
  output: string,
  event: Event,
): Extract<Report, { event: Event }>[] {
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Report)
    .filter((line): line is Extract<Report, { event: Event }> => line.event === event);
}
