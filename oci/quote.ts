/** Longest quoted value in a message, in UTF-16 units. */
const MAX_QUOTED = 80;

/** A string in double quotes on one line: control characters as `\u....`. */
export function quote(text: string): string {
  const short = text.length > MAX_QUOTED
    ? text.slice(0, MAX_QUOTED - 3) + "..."
    : text;
  return JSON.stringify(short).replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

/** What a value of a parsed JSON document is, for "found ..." in messages. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return value.length ? "an array" : "an empty array";
  if (typeof value === "object") return "an object";
  return String(value);
}
