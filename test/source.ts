/** The project's own source, as far as tests read it: files, what they import, what they name. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

export const root: string = resolve(import.meta.dirname, "..");

/** The TypeScript files under a folder, by their paths from the root. */
export const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file));

export const foldersIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

export const textOf = (file: string): string => readFileSync(join(root, file), "utf8");
export const linesOf = (file: string): number => textOf(file).trimEnd().split("\n").length;

const trees = new Map<string, ts.SourceFile>();
function treeOf(file: string): ts.SourceFile {
  const known = trees.get(file);
  if (known) return known;
  const tree = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ES2023, true);
  trees.set(file, tree);
  return tree;
}
function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

export interface Import {
  readonly from: string;
  /** A file from the root, or the name of a package or a module of Node's. */
  readonly to: string;
  /** Whether nothing is left of it when it runs. */
  readonly isType: boolean;
  /** Whether it is loaded only where it is come to. */
  readonly isLazy: boolean;
}
export function importsOf(file: string): readonly Import[] {
  const found = [...nodesOf(treeOf(file))].flatMap((node): (readonly [ts.Node, boolean])[] => {
    if (ts.isImportDeclaration(node))
      return [[node.moduleSpecifier, isTypeOnly(node.importClause)]];
    if (ts.isExportDeclaration(node) && node.moduleSpecifier)
      return [[node.moduleSpecifier, node.isTypeOnly]];
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      return [[node.argument.literal, true]];
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      return [[node.arguments[0], false]];
    return [];
  });
  return found.flatMap(([name, isType]) => {
    if (!ts.isStringLiteral(name)) return []; // a path that only the user knows
    const { text } = name;
    const to = text.startsWith(".") ? relative(root, resolve(root, dirname(file), text)) : text;
    return [{ from: file, to, isType, isLazy: ts.isCallExpression(name.parent) }];
  });
}
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return (
    !clause.name && !!named && ts.isNamedImports(named) && named.elements.every((e) => e.isTypeOnly)
  );
}

/** The variables and types that code uses, comments, strings and names of properties not counted. */
export const namesIn = (file: string): readonly string[] =>
  [...nodesOf(treeOf(file))].flatMap((node) =>
    ts.isIdentifier(node) && !isNameOfProperty(node) ? [node.text] : [],
  );

/** What stands in quotes, templates as a whole with "..." for what is filled in, and the names of properties: all that a value can be told by. */
export const wordsIn = (file: string): readonly string[] =>
  [...nodesOf(treeOf(file))].flatMap((node) => {
    if (ts.isStringLiteralLike(node) || ts.isRegularExpressionLiteral(node)) return [node.text];
    if (ts.isTemplateExpression(node))
      return [
        [node.head, ...node.templateSpans.map((s) => s.literal)].map((x) => x.text).join("..."),
      ];
    return ts.isIdentifier(node) && isNameOfProperty(node) ? [node.text] : [];
  });

const isNameOfProperty = (node: ts.Identifier): boolean =>
  (ts.isPropertyAccessExpression(node.parent) || ts.isPropertyAssignment(node.parent)) &&
  node.parent.name === node;
