// @ts-check
// JSON in the one form we accept from strangers: valid UTF-8, every name once in its object, not too deep. JSON.parse
// takes the last of two members with one name without a word, and two readers may then take one text differently; so
// a second pass over the text, which is known to be valid by then, looks for repeated names.
import { WalletError } from './errors.js';

const MAX_DEPTH = 32;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Read a JSON text; throws `malformed_json`.
 * @param {string | Uint8Array} source
 * @returns {any}
 */
export function parse(source) {
  try {
    const text = typeof source === 'string' ? source : UTF8.decode(source);
    const value = JSON.parse(text);
    requireUniqueNames(text);
    return value;
  } catch {
    throw new WalletError('malformed_json');
  }
}

/**
 * Read a JSON text that must be an object; throws `malformed_json`.
 * @param {string | Uint8Array} source
 * @returns {Record<string, any>}
 */
export function parseObject(source) {
  const value = parse(source);
  if (!isObject(value)) throw new WalletError('malformed_json');
  return value;
}

/**
 * Tell whether a parsed value is a JSON object.
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Give an object's own member, never what it inherits; undefined without it.
 * @param {unknown} object
 * @param {string} name
 */
export function member(object, name) {
  return isObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** @param {string} text a valid JSON text */
function requireUniqueNames(text) {
  /** @type {(Set<string> | null)[]} */
  const open = [];
  for (let place = 0; place < text.length; place += 1) {
    const character = text[place];
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : null);
      if (open.length > MAX_DEPTH) throw new Error('too deep');
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = closingQuote(text, place);
      if (isName(text, end)) noteName(open.at(-1), JSON.parse(text.slice(place, end + 1)));
      place = end;
    }
  }
}

/** @param {string} text @param {number} start */
function closingQuote(text, start) {
  let end = start + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

/** @param {string} text @param {number} end */
function isName(text, end) {
  let next = end + 1;
  while (' \t\n\r'.includes(text[next] ?? 'x')) next += 1;
  return text[next] === ':';
}

/** @param {Set<string> | null | undefined} names @param {string} name */
function noteName(names, name) {
  // `__proto__` would be taken for an object's prototype by whatever assigns members one by one.
  if (!names || names.has(name) || name === '__proto__') throw new Error('repeated or dangerous name');
  names.add(name);
}
