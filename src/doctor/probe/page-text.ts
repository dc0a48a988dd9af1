/** What a person reads of a page: no scripts, no styles, no tags. */
export function textOf(body: string): string {
  return body
    .replace(/<(script|style)\b[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<[^<>]{0,1000}>/g, ' ')
    .replace(/&quot;/g, '"')
    .replace(/&#(?:x27|39);/g, "'")
    .trim();
}
