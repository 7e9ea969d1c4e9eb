import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";
import { isTypescript, strippedSource } from "./typescript-source.ts";

/**
 * The loader for Nodes without in-thread hooks: before 22.15, and 23.0 to 23.4.
 *
 * TypeScript modules are made here, everything else is imported by Node: so no module ever exists twice, and forkd
 * itself is the same for the user's module as for this process. Node must have been started with `loaderFlags`.
 *
 * Known to differ from later Nodes: what is not TypeScript is evaluated before all that is, cannot import TypeScript,
 * and its exports are seen as they were then.
 */
export async function importTypescript(url: string): Promise<Record<string, unknown>> {
  const real = pathToFileURL(realpathSync(fileURLToPath(url))).href;
  const module = await evaluated(real);
  return module.namespace as Record<string, unknown>;
}

type Modules = Map<string, vm.Module>;
type Attributes = NodeJS.Dict<string>;

/** All modules that are linked, by URL. */
let modules: Modules = new Map();

/** Settled when nothing is being linked: a module half linked by one import() must not be met by another. */
let idle: Promise<unknown> = Promise.resolve();

async function evaluated(url: string): Promise<vm.Module> {
  const linking = idle.then(() => linked(url));
  idle = linking.catch(() => {});
  const module = await linking;
  await module.evaluate();
  return module;
}

/** Links a module and all that it imports, or fails and leaves no trace, so that the same import may be tried again. */
async function linked(url: string): Promise<vm.Module> {
  const known = modules.get(url);
  if (known) return known;
  const grown: Modules = new Map(modules);
  const module = createTypescriptModule(url);
  grown.set(url, module);
  await module.link((specifier, importer, { attributes }) =>
    moduleFor(grown, specifier, importer.identifier, attributes),
  );
  modules = grown;
  return module;
}

async function moduleFor(
  grown: Modules,
  specifier: string,
  importer: string,
  attributes: Attributes,
): Promise<vm.Module> {
  const url = resolveFrom(specifier, importer);
  const known = grown.get(url);
  if (known) return known;
  const module = isTypescript(url) ? createTypescriptModule(url) : await wrapNative(url, attributes);
  grown.set(url, module);
  return module;
}

function createTypescriptModule(url: string): vm.Module {
  return withoutWarning(
    () =>
      new vm.SourceTextModule(strippedSource(url), {
        identifier: url,
        initializeImportMeta: (meta) => Object.assign(meta, importMetaOf(url)),
        importModuleDynamically: (specifier, _, attributes) => importFrom(specifier, url, attributes),
      }),
  );
}

async function importFrom(specifier: string, importer: string, attributes: Attributes): Promise<vm.Module> {
  const url = resolveFrom(specifier, importer);
  return isTypescript(url) ? evaluated(url) : importNative(url, attributes);
}

/** Resolves as Node does; but Node would blame this file for what is missing, not the file that imports it. */
function resolveFrom(specifier: string, importer: string): string {
  const url = import.meta.resolve(specifier, importer);
  if (!url.startsWith("file:") || existsSync(fileURLToPath(url))) return url;
  const message = `Cannot find module '${fileURLToPath(url)}' imported from ${fileURLToPath(importer)}`;
  throw Object.assign(new Error(message), { code: "ERR_MODULE_NOT_FOUND", url });
}

async function wrapNative(url: string, attributes: Attributes): Promise<vm.Module> {
  const exports: Record<string, unknown> = await importNative(url, attributes);
  const names = Object.keys(exports);
  const module = new vm.SyntheticModule(
    names,
    () => {
      for (const name of names) module.setExport(name, exports[name]);
    },
    { identifier: url },
  );
  return module;
}

const importNative = (url: string, attributes: Attributes) => import(url, { with: attributes as ImportAttributes });

function importMetaOf(url: string): Partial<ImportMeta> {
  const filename = fileURLToPath(url);
  return {
    dirname: dirname(filename),
    filename,
    resolve: (specifier) => import.meta.resolve(specifier, url),
    url,
  };
}

/** Making a module says once that vm modules are experimental: that is forkd's concern, not the user's. */
function withoutWarning<T>(make: () => T): T {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, not called
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return make();
  } finally {
    process.emitWarning = emitWarning;
  }
}
