import ts from 'typescript';
import { inRoom, nodesOf, place, pureRooms, type Source } from './sources.ts';

const hashing = new Set(['createHash', 'createHmac', 'hash', 'timingSafeEqual']);

/** Globals that read a clock, draw randomness, schedule, or reach the system. */
const impureGlobals = new Set([
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'Buffer',
]);

/** Where a pure room reads a clock, randomness or the system: time and chance are parameters there. */
export function impurities(sources: readonly Source[]): string[] {
  return sources
    .filter((file) => inRoom(file, pureRooms))
    .flatMap((file) =>
      [...nodesOf(file.syntax)].flatMap((node) => {
        const what = impurity(node);
        return what === undefined ? [] : [`${place(file, node)} uses ${what}`];
      }),
    );
}

function impurity(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const member = `${node.expression.getText()}.${node.name.text}`;
    return ['Date.now', 'Math.random'].includes(member) ? member : undefined;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) {
    return 'new Date()';
  }
  if (ts.isImportDeclaration(node)) return cryptoImport(node);
  if (ts.isIdentifier(node) && impureGlobals.has(node.text) && isReference(node)) return node.text;
  return undefined;
}

function cryptoImport(node: ts.ImportDeclaration): string | undefined {
  const module = (node.moduleSpecifier as ts.StringLiteral).text;
  const bindings = node.importClause?.namedBindings;
  if (!/^(node:)?crypto$/.test(module) || node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) {
    return undefined;
  }
  if (bindings === undefined || !ts.isNamedImports(bindings)) return 'all of node:crypto';
  const others = bindings.elements.filter(
    (element) => !element.isTypeOnly && !hashing.has((element.propertyName ?? element.name).text),
  );
  return others.length === 0 ? undefined : `${others.map((element) => element.name.text).join(', ')} of node:crypto`;
}

/** Whether the identifier reads a variable, rather than naming a member, a property or a declaration. */
function isReference(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) return parent.getChildAt(0) === node;
  return !('name' in parent && parent.name === node);
}
