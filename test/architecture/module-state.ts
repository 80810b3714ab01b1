import ts from 'typescript';
import { nodesOf, place, type Source } from './sources.ts';

const mutators = /^(set\w*|add|delete|clear|push|pop|shift|unshift|splice|fill|sort|reverse|copyWithin)$/;

/** State that belongs to a module: a top-level `let`, a mutable static field, a top-level value that a function writes to. */
export function moduleState(sources: readonly Source[]): string[] {
  return sources
    .filter((file) => file.path.startsWith('server/'))
    .flatMap((file) => [...mutableBindings(file), ...writesFromFunctions(file)]);
}

function mutableBindings(file: Source): string[] {
  const topLevel = file.syntax.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .filter((statement) => (statement.declarationList.flags & ts.NodeFlags.Const) === 0)
    .map((statement) => `${place(file, statement)} declares a variable of the module`);
  const fields = [...nodesOf(file.syntax)]
    .filter((node) => ts.isPropertyDeclaration(node))
    .filter(
      (field) => hasModifier(field, ts.SyntaxKind.StaticKeyword) && !hasModifier(field, ts.SyntaxKind.ReadonlyKeyword),
    )
    .map((field) => `${place(file, field)} declares a static field that can change`);
  return [...topLevel, ...fields];
}

function hasModifier(node: ts.PropertyDeclaration, kind: ts.SyntaxKind): boolean {
  return node.modifiers?.some((modifier) => modifier.kind === kind) ?? false;
}

function writesFromFunctions(file: Source): string[] {
  const names = new Set(topLevelNames(file));
  return [...nodesOf(file.syntax)].flatMap((node) => {
    const target = writeTarget(node);
    if (target === undefined || !names.has(target) || !isInsideFunction(node)) return [];
    return declaredWithin(node, target)
      ? []
      : [`${place(file, node)} writes to ${target}, which belongs to the module`];
  });
}

function topLevelNames(file: Source): string[] {
  return file.syntax.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .flatMap((statement) => statement.declarationList.declarations.map(({ name }) => name.getText()));
}

/** The variable whose contents this node changes: `name[i] = v`, `name.p++`, `name.push(v)`. */
function writeTarget(node: ts.Node): string | undefined {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    return mutators.test(node.expression.name.text) ? node.expression.expression.getText() : undefined;
  }
  const written = ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind) ? node.left : incremented(node);
  if (written === undefined || !(ts.isElementAccessExpression(written) || ts.isPropertyAccessExpression(written))) {
    return undefined;
  }
  return written.expression.getText();
}

function incremented(node: ts.Node): ts.Expression | undefined {
  if (!ts.isPrefixUnaryExpression(node) && !ts.isPostfixUnaryExpression(node)) return undefined;
  return [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(node.operator)
    ? node.operand
    : undefined;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function isInsideFunction(node: ts.Node): boolean {
  return ts.findAncestor(node, ts.isFunctionLike) !== undefined;
}

/** Whether a function around the node has a parameter or variable of this name: then that one is meant. */
function declaredWithin(node: ts.Node, name: string): boolean {
  const outermost = ts.findAncestor(node, (ancestor) => ts.isSourceFile(ancestor.parent));
  if (outermost === undefined || ts.isVariableStatement(outermost)) return false;
  return [...nodesOf(outermost)].some(
    (inner) => (ts.isVariableDeclaration(inner) || ts.isParameter(inner)) && inner.name.getText() === name,
  );
}
