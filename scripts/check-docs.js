/**
 * Holds the source to what it says about itself. Each public name, and each function or class that a file of src
 * exports, opens with a sentence; so does each method of a public class and each field of public options. The code of
 * `@example` blocks and of the README's TypeScript blocks compiles, where names that nobody declared may be any.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const SENTENCE = /^\S[^]*?[.:!?](?=$|\s)/u;
/** Cannot find name (three forms): an example may speak of things that its reader has. */
const UNDECLARED = new Set([2304, 2552, 18004]);

const config = ts.getParsedCommandLineOfConfigFile(
  join(root, 'tsconfig.build.json'),
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
    },
  },
);
const index = join(root, 'src', 'index.ts');
const examples = new Map();
const findings = [];

const sources = config.fileNames;
for (const name of sources) collectExamples(name);
collectReadme(join(root, 'README.md'));
const program = createProgram();
const checker = program.getTypeChecker();
const publicSymbols = new Set(exportsOf(index));
for (const symbol of publicSymbols) checkPublic(symbol);
for (const name of sources) for (const symbol of exportsOf(name)) checkExported(symbol);
for (const name of examples.keys()) checkExample(name);

for (const finding of [...new Set(findings)].sort()) console.log(finding);
if (findings.length > 0) process.exit(1);
console.log(`${publicSymbols.size} public names, ${examples.size} examples`);

function createProgram() {
  const options = {
    ...config.options,
    noEmit: true,
    incremental: false,
    composite: false,
    declaration: false,
  };
  delete options.tsBuildInfoFile;
  Object.assign(options, { rootDir: root, noUnusedLocals: false, noUnusedParameters: false });
  options.paths = { livefoley: [index] };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => examples.has(name) || fileExists(name);
  host.readFile = (name) => examples.get(name)?.text ?? readFile(name);
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const example = examples.get(name);
    if (!example) return getSourceFile(name, languageVersion, ...rest);
    return ts.createSourceFile(name, example.text, languageVersion, true);
  };
  return ts.createProgram([...sources, ...examples.keys()], options, host);
}

/** Exported names of a file, with what stands behind a re-export. */
function exportsOf(name) {
  const source = program.getSourceFile(name);
  const symbol = source && checker.getSymbolAtLocation(source);
  if (!symbol) return [];
  return checker
    .getExportsOfModule(symbol)
    .map((each) => (each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each));
}

function checkPublic(symbol) {
  for (const declaration of symbol.declarations ?? []) {
    requireSentence(symbol, declaration);
    if (ts.isClassDeclaration(declaration)) declaration.members.forEach(checkMember);
    const isOptions = ts.isTypeAliasDeclaration(declaration) && symbol.name.endsWith('Options');
    if (isOptions && ts.isTypeLiteralNode(declaration.type)) declaration.type.members.forEach(checkMember);
    if (ts.isInterfaceDeclaration(declaration)) declaration.members.forEach(checkMember);
  }
}

function checkExported(symbol) {
  for (const declaration of symbol.declarations ?? []) {
    if (ts.isFunctionDeclaration(declaration) || ts.isClassDeclaration(declaration))
      requireSentence(symbol, declaration);
  }
}

function checkMember(member) {
  const name = member.name;
  // `[Symbol.asyncDispose]` and `signal` mean the same everywhere; a constructor has the class's sentence.
  if (!name || ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name) || name.text === 'signal')
    return;
  if (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) return;
  if (ts.isPropertyDeclaration(member)) return;
  if (ts.getJSDocTags(member).some((tag) => tag.tagName.text === 'internal')) return;
  const symbol = checker.getSymbolAtLocation(name);
  if (symbol) requireSentence(symbol, member, `${member.parent.name?.text ?? 'options'}.`);
}

function requireSentence(symbol, declaration, owner = '') {
  const source = declaration.getSourceFile();
  if (!source.fileName.startsWith(join(root, 'src'))) return;
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
  if (SENTENCE.test(text)) return;
  const said =
    text === '' ? 'has no doc comment' : `must open with a sentence, received '${text.slice(0, 40)}'`;
  report(source, declaration.getStart(), `${owner}${symbol.name} ${said}`);
}

function report(source, position, text) {
  const { line } = source.getLineAndCharacterOfPosition(position);
  findings.push(`${relative(root, source.fileName)}:${line + 1} ${text}`);
}

/** Takes the code of `@example` blocks, each as a file beside the one it stands in. */
function collectExamples(name) {
  const text = readFileSync(name, 'utf8');
  if (!text.includes('@example')) return;
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const visit = (node) => {
    for (const doc of node.jsDoc ?? []) {
      for (const tag of doc.tags ?? []) {
        if (tag.tagName.text !== 'example') continue;
        const code = (ts.getTextOfJSDocComment(tag.comment) ?? '').replace(/^```\w*\n|\n?```\s*$/g, '');
        addExample(name, code, source.getLineAndCharacterOfPosition(tag.getStart()).line + 1);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

function collectReadme(name) {
  if (!existsSync(name)) return;
  const text = readFileSync(name, 'utf8');
  for (const match of text.matchAll(/^```(?:ts|typescript)\n([^]*?)^```/gm)) {
    addExample(name, match[1], text.slice(0, match.index).split('\n').length + 1);
  }
}

/** What an example does not import it finds among the public names. */
function addExample(origin, code, line) {
  const used = publicNames().filter((name) => new RegExp(`\\b${name}\\b`).test(code));
  const imports = /^import /m.test(code) ? '' : `import { ${used.join(', ')} } from 'livefoley';`;
  const file = join(root, 'src', `__example-${examples.size}.ts`);
  examples.set(file, { origin, line, text: `${code}\n${imports}\nexport {};\n` });
}

function publicNames() {
  const source = ts.createSourceFile(index, readFileSync(index, 'utf8'), ts.ScriptTarget.ES2022);
  return source.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) return [];
    return ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map((element) => element.name.text)
      : [];
  });
}

function checkExample(name) {
  const source = program.getSourceFile(name);
  const { origin, line } = examples.get(name);
  const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  for (const { code, start = 0, messageText } of diagnostics) {
    if (UNDECLARED.has(code)) continue;
    const at = line + source.getLineAndCharacterOfPosition(start).line;
    findings.push(
      `${relative(root, origin)}:${at} example: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  }
}
