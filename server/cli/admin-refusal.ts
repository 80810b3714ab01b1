import type { AdminReply } from '../contract/control.ts';
import type { ErrorCode } from '../contract/error-codes.ts';

/** Properties of documents and the flags that set them: `longestTtlSeconds` is `--longest-ttl`. */
export type FlagWords = ReadonlyMap<string, string>;

/** The admin API refused a request. */
export class AdminRefusal extends Error {
  override readonly name = 'AdminRefusal';
  readonly code: ErrorCode = 'admin_refused';
  /** The problem document, for machines. */
  readonly problem: unknown;
  /** The status of the answer. */
  readonly status: number;

  /** @param words puts what the problem says of properties into the words of the command line */
  constructor({ status, body }: AdminReply, words: FlagWords = new Map()) {
    super(detailOf(body, words) ?? `the admin API answered ${status} without saying why`);
    this.problem = body;
    this.status = status;
  }
}

function detailOf(body: unknown, words: FlagWords): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const { detail, code } = body as { readonly detail?: unknown; readonly code?: unknown };
  if (typeof detail !== 'string') return null;
  const text = detail.replaceAll(
    /(?:\b(?:body|querystring|params)\/)?\b([a-z]+[A-Z]\w*|value)\b/g,
    (whole, property: string) => {
      return words.get(property) ?? whole;
    },
  );
  return `${text} (${String(code)})`;
}
