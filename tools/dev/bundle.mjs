import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { noteOf, photograph } from './freshness.mjs';
import { StepFailed } from './steps.mjs';

/**
 * Links each entry and the libraries it uses into one CommonJS file; npm packages stay outside. Every output folder
 * gets `main.js`, its source map, what `extras` adds, and last the note that makes it fresh.
 *
 * @param entries `{ source, output }`: a path inside the checkout, and the absolute folder for its bundle.
 * @param extras from what one bundle is made of, `{ inputs, packages }`, to more files: `{ name, text }[]`.
 * @throws StepFailed with esbuild's messages when a source does not compile.
 */
export async function bundle(root, entries, extras = () => []) {
  const esbuild = await import('esbuild');
  const compiled = new Map();
  try {
    const { metafile, outputFiles } = await esbuild.build({
      ...(await optionsOf(root, compiled)),
      entryPoints: Object.fromEntries(entries.map(({ source, output }) => [join(relative(root, output), 'main'), source])),
    });
    const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
    for (const entry of entries) writeBundle(root, entry, { metafile, texts, compiled, extras });
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    const messages = await esbuild.formatMessages(error.errors, { kind: 'error', color: process.stderr.isTTY === true });
    throw new StepFailed(messages.join('').trimEnd());
  } finally {
    await esbuild.stop();
  }
}

async function optionsOf(root, compiled) {
  const forEffect = new Map();
  return {
    absWorkingDir: root,
    outdir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    packages: 'external',
    tsconfig: join(root, 'tsconfig.base.json'),
    loader: { '.lua': 'text' },
    plugins: [leaveOutUnused(forEffect), await decoratorMetadata(root, compiled, forEffect)],
    sourcemap: 'linked',
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
  };
}

/**
 * A module that nothing is used of is left out, and so is what it alone requires: the command line starts without
 * loading Nest. What is imported for its effect, `import 'reflect-metadata'`, stays.
 */
const leaveOutUnused = (forEffect) => ({
  name: 'leave-out-unused',
  setup(build) {
    build.onResolve({ filter: /./ }, async ({ path, pluginData, kind, importer, namespace, resolveDir }) => {
      if (pluginData === 'resolved' || kind === 'entry-point' || forEffect.get(importer)?.has(path)) return undefined;
      const found = await build.resolve(path, { importer, namespace, resolveDir, kind, pluginData: 'resolved' });
      return { ...found, pluginData: undefined, sideEffects: false };
    });
  },
});

/** esbuild alone emits no decorator metadata, which Nest's injection needs: SWC compiles, esbuild links. */
async function decoratorMetadata(root, compiled, forEffect) {
  const { transform } = await import('@swc/core');
  const swcrc = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8'));
  return {
    name: 'decorator-metadata',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        compiled.set(relative(root, path), photograph(root, relative(root, path), source));
        try {
          const { code } = await transform(source, { ...swcrc, swcrc: false, filename: path, module: { type: 'es6' } });
          forEffect.set(path, new Set([...code.matchAll(/^import ["']([^"']+)["']/gm)].map(([, imported]) => imported)));
          return { contents: withoutErasedTypes(code), loader: 'js' };
        } catch (error) {
          return { errors: [{ text: `${relative(root, path)} does not compile: ${error.message}` }] };
        }
      });
    },
  };
}

/**
 * SWC's metadata asks at run time for types that exist no more: `typeof T === "undefined" ? Object : T`. The answer is
 * known here, and left in, the question would make esbuild rename a class T of another file of the bundle.
 */
function withoutErasedTypes(code) {
  const exists = (name) =>
    name in globalThis || new RegExp(`^import\\b[^;'"]*\\b${name}\\b|\\b(?:class|function|const|let|var) ${name}\\b`, 'm').test(code);
  return code.replaceAll(/typeof (\w+) === "undefined" \? Object : \1\b/g, (question, name) => (exists(name) ? question : 'Object'));
}

function writeBundle(root, { source, output }, { metafile, texts, compiled, extras }) {
  const inputs = reachable(metafile.inputs, source);
  const { imports } = metafile.outputs[join(relative(root, output), 'main.js')];
  const code = texts.get(join(output, 'main.js'));
  const packages = imports
    .filter(({ external }) => external)
    .map(({ path }) => path)
    .filter((path) => code.includes(`("${path}")`));
  assertNamesKept(code, inputs, root);
  mkdirSync(output, { recursive: true });
  const files = [
    ...['main.js.map', 'main.js'].map((name) => ({ name, text: texts.get(join(output, name)) })),
    ...extras({ source, inputs, packages }),
    noteOf(
      root,
      inputs.map((path) => compiled.get(path) ?? photograph(root, path)),
    ),
  ];
  for (const { name, text } of files) replaceFile(join(output, name), text);
}

/** Whole or not at all: another Torch may be starting from the file that is replaced. */
function replaceFile(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const half = `${path}.${process.pid}.tmp`;
  writeFileSync(half, text);
  renameSync(half, path);
}

/** The files behind one entry, those included that leave no code in the bundle. */
function reachable(graph, entry) {
  const inputs = new Set([entry]);
  for (const path of inputs) {
    for (const { path: target, external } of graph[path].imports) if (!external) inputs.add(target);
  }
  return [...inputs].sort();
}

/** Contracts are known by the names of their classes, and linking renames one of two that share a name. */
function assertNamesKept(code, inputs, root) {
  for (const path of inputs.filter((input) => input.startsWith('libs/contracts/'))) {
    for (const [, name] of readFileSync(join(root, path), 'utf8').matchAll(/^export (?:abstract )?class (\w+)/gm)) {
      if (!new RegExp(`\\b(?:class|var|let|const) ${name}\\d+\\b`).test(code)) continue;
      throw new StepFailed(
        `The contract class ${name} of ${path} shares its name with something else in the bundle; rename the other one.`,
      );
    }
  }
}
