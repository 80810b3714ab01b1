import type { ConfigErrorCode } from '../contract/error-codes.ts';

/** Why a value was not taken: a clause that follows the value, then a sentence that says what to write. */
export interface Refusal {
  readonly code: ConfigErrorCode;
  /** E.g. `ends before it begins. Write the lower port first, e.g. 49152-65535.` */
  readonly reason: string;
}

/** A parsed value, or why there is none. */
export type Parsed<Value> = { readonly value: Value } | { readonly refusal: Refusal };

/** A value that was understood. */
export function parsed<Value>(value: Value): { readonly value: Value } {
  return { value };
}

/** The text is not of the form that the key takes. */
export function malformed(reason: string): { readonly refusal: Refusal } {
  return { refusal: { code: 'config_malformed_value', reason } };
}

/** The text is understood but cannot be met. */
export function impossible(reason: string): { readonly refusal: Refusal } {
  return { refusal: { code: 'config_impossible_value', reason } };
}

/** The value is there already. */
export function duplicate(reason: string): { readonly refusal: Refusal } {
  return { refusal: { code: 'config_duplicate', reason } };
}
