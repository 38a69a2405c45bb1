/**
 * The specification's own JSON schemas, which lie outside of the repository:
 * what they accept, and which properties they have.
 *
 * @module
 */
import { Ajv, type ValidateFunction } from "ajv";

const FOLDER = new URL("../../shared/oci-schema/", import.meta.url);

/** Whether the schemas are there. */
export const hasSchemas = isThere();

/** What to add to the name of a test that needs them. */
export const whySkipped = hasSchemas
  ? ""
  : " (skipped: ../shared/oci-schema is not there)";

function isThere(): boolean {
  try {
    return Deno.statSync(FOLDER).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A part of a schema, as draft 4 writes it; `true` in it takes anything. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Folder;
  readonly definitions?: Folder;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

type Folder = Readonly<Record<string, Schema>>;

let files: Folder | undefined;

/** All schema files by their names. */
function schemaFiles(): Folder {
  if (files !== undefined) return files;
  const found: Record<string, Schema> = {};
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (!name.endsWith(".json")) continue;
    const text = Deno.readTextFileSync(new URL(name, FOLDER));
    const { $schema: _, ...schema } = JSON.parse(text);
    found[name] = schema;
  }
  return files = found;
}

/** A checker of the schema in `file`, such as `config-schema.json`. */
export function schemaChecker(file: string): ValidateFunction {
  // What draft 4 and its successors differ in does not occur in these files.
  const ajv = new Ajv({
    strict: false,
    validateSchema: false,
    allErrors: true,
  });
  for (const [name, schema] of Object.entries(schemaFiles())) {
    ajv.addSchema(schema, name);
  }
  return ajv.getSchema(file)!;
}

/** A part of the schema in `file`: one of its definitions or properties. */
export function definition(file: string, name: string): Schema {
  const { definitions, properties } = schemaFiles()[file]!;
  return (definitions ?? properties)![name]!;
}

/** A good or bad example of the specification. */
export interface Example {
  readonly name: string;
  readonly text: string;
}

/** The examples of a folder, such as `config/good`; none without schemas. */
export function examples(folder: string): Example[] {
  if (!hasSchemas) return [];
  const all = new URL(`test/${folder}/`, FOLDER);
  return [...Deno.readDirSync(all)].map(({ name }) => ({
    name,
    text: Deno.readTextFileSync(new URL(name, all)),
  }));
}

/** The sections of a config that are not for Linux. */
export const OTHER_PLATFORMS: readonly string[] = [
  "freebsd",
  "solaris",
  "vm",
  "windows",
  "zos",
];

/** A property of the specification, and what its schema says of it. */
export interface Property {
  /** JSON pointer in which `*` stands for every name or index. */
  readonly pointer: string;
  readonly schema: Schema;
}

/** Every property in `file`, those in other properties as well. */
export function schemaProperties(file: string): Property[] {
  const found: Property[] = [];
  walk(resolve(file, schemaFiles()[file]!), "", found);
  return found;
}

/** A schema, and the file that its references start from. */
interface Place {
  readonly file: string;
  readonly schema: Schema;
}

function walk({ file, schema }: Place, at: string, found: Property[]): void {
  const inner = (part: Schema, name: string, named: boolean) => {
    const place = resolve(file, part);
    const pointer = `${at}/${name}`;
    if (named) found.push({ pointer, schema: place.schema });
    walk(place, pointer, found);
  };
  for (const [name, part] of Object.entries(schema.properties ?? {})) {
    inner(part, name, true);
  }
  for (const part of Object.values(schema.patternProperties ?? {})) {
    inner(part, "*", false);
  }
  if (schema.additionalProperties) {
    inner(schema.additionalProperties, "*", false);
  }
  if (schema.items) inner(schema.items, "*", false);
  for (const part of [...schema.allOf ?? [], ...schema.anyOf ?? []]) {
    walk(resolve(file, part), at, found);
  }
}

/** Follows `$ref`, such as `defs.json#/definitions/uint32`, to its end. */
function resolve(file: string, schema: Schema): Place {
  if (schema.$ref === undefined) return { file, schema };
  const [name, path = ""] = schema.$ref.split("#");
  const target = name || file;
  let part: unknown = schemaFiles()[target];
  for (const step of path.split("/").slice(1)) {
    part = (part as Record<string, unknown>)[step];
  }
  if (typeof part !== "object" || part === null) {
    throw new Error(`${file} refers to ${schema.$ref}, which is not there`);
  }
  return resolve(target, part as Schema);
}
