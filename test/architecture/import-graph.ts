import path from 'node:path';
import ts from 'typescript';
import { nodesOf, type Source } from './sources.ts';

/** What a file takes from another: the names, or `*` for everything or for its effects. */
interface Import {
  readonly from: string;
  readonly names: readonly string[];
}

/** The files of the project that a file imports, statically, dynamically, or as the URL of a worker or program. */
function importsOf(file: Source): Import[] {
  return [...nodesOf(file.syntax)].flatMap((node): Import[] => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      return local(
        file,
        node.moduleSpecifier,
        ts.isImportDeclaration(node) ? importedNames(node) : exportedNames(node),
      );
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      return local(file, node.argument.literal, ['*']);
    }
    if (ts.isCallExpression(node) && isLoader(node)) {
      return node.arguments.flatMap((argument) => local(file, argument, ['*']));
    }
    if (ts.isNewExpression(node) && node.expression.getText() === 'URL') {
      const [target] = node.arguments ?? [];
      return target === undefined ? [] : [...nodesOf(target)].flatMap((part) => local(file, part, ['*']));
    }
    return [];
  });
}

function isLoader(node: ts.CallExpression): boolean {
  return node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'import.meta.resolve';
}

function local(file: Source, specifier: ts.Node, names: readonly string[]): Import[] {
  if (!ts.isStringLiteralLike(specifier) || !specifier.text.startsWith('.')) return [];
  return [{ from: path.posix.join(path.posix.dirname(file.path), specifier.text), names }];
}

function importedNames(node: ts.ImportDeclaration): string[] {
  const bindings = node.importClause?.namedBindings;
  if (bindings === undefined || ts.isNamespaceImport(bindings)) return ['*'];
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

function exportedNames(node: ts.ExportDeclaration): string[] {
  if (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause)) return ['*'];
  return node.exportClause.elements.map((element) => (element.propertyName ?? element.name).text);
}

/** Sources that cannot be reached from the entries by any chain of imports. */
export function deadFiles(sources: readonly Source[], entries: readonly string[]): string[] {
  const byPath = new Map(sources.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const file = byPath.get(next);
    if (file === undefined || reached.has(next)) continue;
    reached.add(next);
    waiting.push(...importsOf(file).map((found) => found.from));
  }
  return sources.map((file) => file.path).filter((file) => !reached.has(file));
}

/** Names that are exported and that no file imports. A type may be exported for the sake of a signature in its own file. */
export function deadExports(sources: readonly Source[], entries: readonly string[]): string[] {
  const used = new Set(
    sources.flatMap((file) => importsOf(file).flatMap(({ from, names }) => names.map((name) => `${from} ${name}`))),
  );
  return sources
    .filter((file) => !entries.includes(file.path) && !used.has(`${file.path} *`))
    .flatMap((file) =>
      exportsOf(file)
        .filter((name) => !namesTypeOfSignature(file, name))
        .map((name) => `${file.path} ${name}`),
    )
    .filter((name) => !used.has(name));
}

function namesTypeOfSignature(file: Source, name: string): boolean {
  return [...nodesOf(file.syntax)].some((node) => ts.isTypeReferenceNode(node) && node.typeName.getText() === name);
}

/** The names that a file declares and exports. */
export function exportsOf(file: Source): string[] {
  return file.syntax.statements.filter(isExported).flatMap((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText());
    }
    return 'name' in statement ? [(statement.name as ts.Identifier).text] : [];
  });
}

/** Whether a statement declares something and exports it. */
export function isExported(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement)) return false;
  return ts.getModifiers(statement)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) ?? false;
}
