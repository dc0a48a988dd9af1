/** Reason phrases of RFC 9110, with those of nginx, that make a number before them an HTTP status. */
const reasons = [
  ...['OK', 'No Content', 'Multiple Choices', 'Moved Permanently', 'Moved Temporarily', 'Found'],
  ...['See Other', 'Temporary Redirect', 'Permanent Redirect', 'Bad Request', 'Unauthorized'],
  ...['Authorization Required', 'Payment Required', 'Forbidden', 'Not Found', 'Not Allowed'],
  ...['Method Not Allowed', 'Proxy Authentication Required', 'Request Time-?out', 'Gone'],
  ...['Conflict', 'Length Required', 'Request Entity Too Large', 'Request-URI Too Large'],
  ...['URI Too Long', 'Misdirected Request', 'Upgrade Required', 'Too Many Requests'],
  ...['Request Header Or Cookie Too Large', 'Request Header Fields Too Large'],
  ...['Internal Server Error', 'Not Implemented', 'Bad Gateway', 'Service Unavailable'],
  ...['Service Temporarily Unavailable', 'Gateway Time-?out', 'HTTP Version Not Supported'],
].join('|');

/** Three digits, and not the beginning of an address or of a time. */
const number = String.raw`([1-5]\d\d)\b(?![.:]\d)`;

/** What may stand between a word such as "status" and the number: `: `, ` = '`, `(`, ` of `, … */
const between = String.raw`(?:['"\]]?\s*(?:of|is|was|[:=])?\s*[\['"(]{0,2}|\s*b')`;

/** Places in which a number of three digits is an HTTP status; nowhere else is one believed. */
const contexts: readonly RegExp[] = [
  String.raw`\b([1-5]\d\d)['"]? ?[-:]? ?b?['"]?(?:${reasons})\b`,
  String.raw`\bHTTP\/\d(?:\.\d)?["']?\s*:?\s*${number}`,
  String.raw`\bHTTP (?:error |status |code |response )*(?:code)?${between}${number}`,
  String.raw`(?<!\bexit )status[ _-]?(?:code|line)?${between}${number}`,
  String.raw`\b(?:response|answer|server)(?:[ _-](?:code|status))*${between}${number}`,
  String.raw`\b(?:but|and) (?:got|received|was)${between}${number}`,
  // Starscream: "notAnUpgrade(403)", "notAnUpgrade : 200"; Apple's NSError: "Code=404".
  String.raw`\bnotAnUpgrade\s*[:(]\s*${number}`,
  String.raw`(?<!\bexit )\bcode\s*[:=]?\s*(?:Optional\()?${number}(?!\s*ms)`,
  // "handshake failed with 403", "rejected: 403", "upgrade failure: 302", "error: 502".
  String.raw`(?:\breject\w*|\brefus\w*|\bfail\w*|error|\bupgrade)(?: with| by| as)?${between}${number}`,
].map((source) => new RegExp(source, 'gi'));

/**
 * The HTTP status of the answer that a message tells of: a number beside a word that makes it one.
 * 1xx is what was hoped for ("expected 101 but got 302"), or an error number of the system.
 */
export function findStatus(text: string): number | undefined {
  for (const context of contexts) {
    for (const [, digits] of text.matchAll(context)) {
      const status = Number(digits);
      if (status >= 200) return status;
    }
  }
  return undefined;
}
