// The zygote loads this file and every worker is a copy of the zygote: it imports nothing.

/** What stands for a function in the JSON that describes a module's options. */
export interface FunctionMark {
  readonly $function: true;
}

/** What stands for a value that no option takes and JSON cannot carry: words for it, for the refusal. */
export interface OddValue {
  readonly $value: string;
}

/**
 * Describes a module's options so that JSON can carry them to the supervisor, which checks them there. What stands in an
 * object is named by both: `{ limits: { cpu: "1s" } }` gives `limits.cpu`.
 */
export function describeOptions(options: unknown): Record<string, unknown> {
  const described = Object.keys(Object(options)).flatMap((name) => describeProperty(options as object, name));
  return Object.fromEntries(described);
}

/** A value as JSON can carry it: itself, a {@link FunctionMark} or an {@link OddValue}. */
export function describeValue(value: unknown): unknown {
  // A list in a list is odd enough; not to look into it also keeps a list that holds itself from being endless.
  return Array.isArray(value) ? Array.from(value, describeItem) : describeItem(value);
}

function describeProperty(options: object, name: string): [string, unknown][] {
  try {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined) return [];
    if (!isPlainObject(value)) return [[name, describeValue(value)]];
    return Object.entries(value).map(([key, inner]) => [`${name}.${key}`, describeValue(inner)]);
  } catch {
    return [[name, odd("a property that throws when it is read")]];
  }
}

const isPlainObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function describeItem(value: unknown): unknown {
  if (value === null) return null;
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : odd(String(value));
    case "bigint":
      return odd(`${value}n`);
    case "function":
      return { $function: true } satisfies FunctionMark;
    case "object":
      return odd(nameObject(value));
    case "symbol":
      return odd(value.toString());
    default:
      return odd("undefined");
  }
}

function nameObject(value: object): string {
  if (Array.isArray(value)) return "a list";
  const className: unknown = value.constructor?.name;
  return typeof className === "string" && className !== "Object" ? `an object of class ${className}` : "an object";
}

function odd(words: string): OddValue {
  return { $value: words };
}
