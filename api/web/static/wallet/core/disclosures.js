// @ts-check
// Put disclosures into their places: RFC 9901 section 7.1, points 3 to 5, with every refusal the section demands and
// bounds of our own, which no honest issuer meets. The payload that was signed is left as it is.
import { decode, encode } from './base64url.js';
import { sha256 } from './crypto.js';
import { WalletError, demand } from './errors.js';
import { isObject, parse } from './json.js';

const MAX_DEPTH = 16;
const RESERVED = new Set(['_sd', '...', '_sd_alg']);
/** Claims that neither themselves nor in any part may be kept back (draft-ietf-oauth-sd-jwt-vc section 2.2.2.3). */
const NEVER = new Set(['iss', 'nbf', 'exp', 'cnf', 'vct', 'vct#integrity', 'aka_vcts', 'status']);

/** @typedef {(string | number)[]} Path */
/** @typedef {{path: Path, value: any, text: string}} Disclosure */

/**
 * Give all claims with what was disclosed in its place, and each disclosure with the path of its value.
 * @param {Record<string, any>} payload
 * @param {string[]} texts the texts between the tildes
 * @returns {Promise<{claims: Record<string, any>, disclosures: Disclosure[]}>} parents before what they contain
 */
export async function disclose(payload, texts) {
  demand(payload._sd_alg === undefined || payload._sd_alg === 'sha-256', 'unknown_sd_alg');
  const digests = await Promise.all(texts.map(async (text) => encode(await sha256(text))));
  const pending = new Map(digests.map((digest, place) => [digest, texts[place]]));
  demand(pending.size === texts.length, 'duplicate_digest');
  const walk = new Walk(pending);
  const { _sd_alg: _, ...claims } = payload;
  const filled = walk.object(claims, []);
  demand(pending.size === 0, 'unreferenced_disclosure');
  return { claims: filled, disclosures: walk.found };
}

/** One pass over a payload, following digests into the disclosures that they reference. */
class Walk {
  /** @param {Map<string, string>} pending disclosures by digest */
  constructor(pending) {
    this.pending = pending;
    this.seen = new Set();
    /** @type {Disclosure[]} */
    this.found = [];
  }

  /** @param {any} node @param {Path} path @returns {any} */
  value(node, path) {
    if (Array.isArray(node)) return this.array(node, path);
    return isObject(node) ? this.object(node, path) : node;
  }

  /** @param {Record<string, any>} node @param {Path} path */
  object(node, path) {
    demand(!('...' in node) && path.length <= MAX_DEPTH, 'malformed_credential', 'misplaced or too deep');
    demand(!('_sd_alg' in node), 'unknown_sd_alg', 'it stands below the top level');
    const { _sd: digests, ...plain } = node;
    /** @type {Record<string, any>} */
    const result = {};
    for (const [name, value] of Object.entries(plain)) result[name] = this.value(value, [...path, name]);
    if ('_sd' in node) this.addClaims(digests, result, path);
    return result;
  }

  /** @param {any[]} node @param {Path} path */
  array(node, path) {
    demand(path.length <= MAX_DEPTH, 'malformed_credential', 'too deep');
    const result = [];
    for (const element of node) {
      const place = [...path, result.length];
      if (!isObject(element) || !('...' in element)) {
        result.push(this.value(element, place));
        continue;
      }
      demand(Object.keys(element).length === 1, 'malformed_credential', 'a placeholder with more beside it');
      const text = this.take(element['...'], path);
      if (text !== undefined) result.push(this.note(place, text, contentOf(text, 2)[1]));
    }
    return result;
  }

  /** @param {unknown} digests @param {Record<string, any>} result @param {Path} path */
  addClaims(digests, result, path) {
    if (!Array.isArray(digests)) throw new WalletError('malformed_credential', '`_sd` is no array');
    for (const digest of digests) {
      const text = this.take(digest, path);
      if (text === undefined) continue;
      const [, name, value] = contentOf(text, 3);
      demand(typeof name === 'string' && name !== '__proto__', 'invalid_disclosure');
      demand(!RESERVED.has(name), 'reserved_claim_name');
      demand(path.length > 0 || !NEVER.has(name), 'protected_claim_disclosed');
      demand(!Object.hasOwn(result, name), 'claim_collision');
      result[name] = this.note([...path, name], text, value);
    }
  }

  /**
   * Note a disclosure, then follow what lies within its value: parents stand before what they contain.
   * @param {Path} path @param {string} text @param {any} content
   */
  note(path, text, content) {
    /** @type {Disclosure} */
    const entry = { path, value: undefined, text };
    this.found.push(entry);
    entry.value = this.value(content, path);
    return entry.value;
  }

  /**
   * Take the disclosure that a digest references; undefined for what was kept back or never existed.
   * @param {unknown} digest @param {Path} path
   */
  take(digest, path) {
    demand(typeof digest === 'string', 'malformed_credential', 'a digest is no text');
    demand(path.length === 0 || !NEVER.has(String(path[0])), 'protected_claim_disclosed');
    demand(!this.seen.has(digest), 'duplicate_digest');
    this.seen.add(digest);
    const text = this.pending.get(/** @type {string} */ (digest));
    this.pending.delete(/** @type {string} */ (digest));
    return text;
  }
}

/** Read a disclosure: salt, maybe name, value. @param {string} text @param {number} arity */
function contentOf(text, arity) {
  let content;
  try {
    content = parse(decode(text));
  } catch {
    throw new WalletError('invalid_disclosure');
  }
  const holds = Array.isArray(content) && content.length === arity && typeof content[0] === 'string';
  demand(holds, 'invalid_disclosure');
  return content;
}
