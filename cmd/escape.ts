const NAMED: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/**
 * What Go's strconv.IsPrint refuses. Not a literal: V8 checks literals while
 * it loads a file, and these classes cost 0.7 ms of start-up time.
 */
const NOT_PRINTED = "[^\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ]";

/**
 * A text without what does not print, so that it stays on one line and cannot
 * steer a terminal: such characters become `\n`, `\x1b`, `\u202e`, as Go's
 * strconv.Quote writes them.
 */
export function escapeControls(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(
    new RegExp(NOT_PRINTED, "gu"),
    (character) => NAMED[character] ?? escapeOne(character.codePointAt(0) ?? 0),
  );
}

function escapeOne(code: number): string {
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${hex.padStart(4, "0")}`;
  return `\\U${hex.padStart(8, "0")}`;
}
