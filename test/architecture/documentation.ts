import ts from 'typescript';
import { exportsOf, isExported } from './import-graph.ts';
import { inRoom, place, type Source } from './sources.ts';

/** Exports of the server without a docstring. */
export function undocumentedExports(sources: readonly Source[]): string[] {
  return sources
    .filter((file) => file.path.startsWith('server/'))
    .flatMap((file) =>
      file.syntax.statements
        .filter((statement) => isExported(statement) && !hasDocstring(statement))
        .map((statement) => `${place(file, statement)} exports without a docstring`),
    );
}

function hasDocstring(statement: ts.Statement): boolean {
  const text = statement.getSourceFile().text;
  const comments = ts.getLeadingCommentRanges(text, statement.getFullStart()) ?? [];
  return comments.some((comment) => text.startsWith('/**', comment.pos));
}

const protocolVerbs = /^(handle|authenticate|negotiate|read|write|encode|decode|verify)([A-Z]|$)/;

/** Files of the protocol's rooms that handle a message, or code a part of one, and do not say where that is specified. */
export function uncitedFiles(sources: readonly Source[]): string[] {
  return sources
    .filter((file) => inRoom(file, ['turn', 'stun']) && exportsOf(file).some((name) => protocolVerbs.test(name)))
    .filter((file) => !/\bRFC \d{4} (section|appendix|erratum) [\dA-Z.]+/.test(withoutLineBreaks(file.text)))
    .map((file) => file.path);
}

/** Comment lines joined, so that a citation may stand across two of them. */
function withoutLineBreaks(text: string): string {
  return text.replaceAll(/\s*\n\s*(\*|\/\/)?\s*/g, ' ');
}

/** A link or path in a document, and where it stands. */
export interface DocumentLink {
  readonly document: string;
  readonly target: string;
}

/** The relative links of a Markdown document, anchors cut off. */
export function relativeLinks(document: string, text: string): DocumentLink[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? '').replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => ({ document, target }));
}
