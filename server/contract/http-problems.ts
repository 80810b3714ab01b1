/** Every error that an HTTP surface answers with: its status and title. The `code` is stable, the wording is not. */
export const httpProblems = {
  bad_request: { status: 400, title: 'The request is malformed' },
  not_found: { status: 404, title: 'No such resource' },
  internal: { status: 500, title: 'Internal error' },
} as const;

/** A stable code of the catalogue. */
export type HttpProblemCode = keyof typeof httpProblems;
