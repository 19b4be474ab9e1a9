// @ts-check
// Read type metadata (draft-ietf-oauth-sd-jwt-vc section 4): what a credential type and its claims are called, in which
// language, and how its card looks. The issuer's signature covers the hash of these very bytes, so they are believed
// as far as the credential is; whatever of them is shown is text, a colour or an address of an image, never markup.
import { decodeStandard, encode } from './base64url.js';
import { sha256 } from './crypto.js';
import { WalletError, demand } from './errors.js';
import { judgedUrl, request, requireSuccess } from './http.js';
import { isObject, member, parseObject } from './json.js';

const INTEGRITY = /^sha256-([A-Za-z0-9+/]{43}=)$/;
const COLOUR = /^#[0-9a-fA-F]{6}$/;
const MAX_BYTES = 262_144;
const MAX_CLAIMS = 256;
const MAX_TEXT = 300;

/**
 * @typedef {object} Type
 * @property {(locale: string) => string} name
 * @property {(locale: string) => string} description
 * @property {(path: (string | number)[], locale: string) => string} label
 * @property {{background: string | null, text: string | null, logoUri: string | null, svgUri: string | null}} card
 * @property {Record<string, any>} document what was read; `describeType` makes the rest of it again
 */

/**
 * Fetch type metadata and hold it against its hash.
 * @param {string} vct
 * @param {string} integrity `vct#integrity` of the credential: one SHA-256 in the syntax of Subresource Integrity
 * @returns {Promise<Type>}
 * Throws `integrity_mismatch`, `malformed_type`, and what `http.request` throws.
 */
export async function fetchType(vct, integrity) {
  const wanted = typeof integrity === 'string' ? INTEGRITY.exec(integrity) : null;
  if (!wanted) throw new WalletError('integrity_mismatch', 'the credential names no hash of its type');
  const answer = requireSuccess(await request(vct, { limitBytes: MAX_BYTES }));
  const holds = encode(await sha256(answer.bytes)) === encode(decodeStandard(wanted[1]));
  demand(holds, 'integrity_mismatch', 'the type metadata is not what the issuer signed for');
  let document;
  try {
    document = parseObject(answer.bytes);
  } catch {
    throw new WalletError('malformed_type', 'the type metadata is not one JSON object');
  }
  demand(document.vct === vct, 'malformed_type', "the type metadata is another type's");
  return describeType(document);
}

/**
 * Read type metadata that were fetched before; throws `malformed_type` where a claim is described without a path.
 * @param {Record<string, any>} document
 * @returns {Type}
 */
export function describeType(document) {
  const claims = document.claims ?? [];
  demand(Array.isArray(claims) && claims.length <= MAX_CLAIMS, 'malformed_type', '`claims` is no list');
  for (const claim of claims) {
    const path = member(claim, 'path');
    const steps = Array.isArray(path) && path.length > 0 && path.every(isStep);
    demand(steps, 'malformed_type', 'a claim without a path');
    demand([undefined, 'always', 'allowed', 'never'].includes(claim.sd), 'malformed_type', 'an unknown `sd`');
    demand([undefined, true, false].includes(claim.mandatory), 'malformed_type', 'an unknown `mandatory`');
  }
  return {
    name: (locale) => inLanguage(document.display, 'name', locale) || textOf(document.name) || textOf(document.vct),
    description: (locale) => inLanguage(document.display, 'description', locale) || textOf(document.description),
    label: (path, locale) => labelOf(claims, path, locale),
    card: cardOf(document.display),
    document,
  };
}

/** @param {unknown} step */
function isStep(step) {
  return step === null || typeof step === 'string' || (Number.isInteger(step) && Number(step) >= 0);
}

/** @param {any[]} claims @param {(string | number)[]} path @param {string} locale */
function labelOf(claims, path, locale) {
  for (const claim of claims) {
    const same = claim.path.length === path.length
      && claim.path.every((/** @type {any} */ step, /** @type {number} */ place) => (
        step === path[place] || (step === null && typeof path[place] === 'number')
      ));
    if (same) return inLanguage(claim.display, 'label', locale) || textOf(String(path.at(-1)));
  }
  return textOf(String(path.filter((step) => typeof step === 'string').at(-1) ?? ''));
}

/**
 * Take the entry of a language, else the first.
 * @param {unknown} display @param {string} name @param {string} locale
 */
function inLanguage(display, name, locale) {
  const entries = Array.isArray(display) ? display.filter(isObject) : [];
  const language = locale.split('-')[0].toLowerCase();
  const fitting = entries.find((entry) => languageOf(entry) === language) ?? entries[0];
  return textOf(fitting?.[name] ?? fitting?.name);
}

/** @param {Record<string, any>} entry */
function languageOf(entry) {
  return textOf(entry.locale ?? entry.lang).split('-')[0].toLowerCase();
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}

/** @param {unknown} display @returns {Type['card']} */
function cardOf(display) {
  const rendering = Array.isArray(display) ? display.map((entry) => member(entry, 'rendering')).find(isObject) : null;
  const simple = rendering?.simple;
  const templates = Array.isArray(rendering?.svg_templates) ? rendering.svg_templates : [];
  return {
    background: colourOf(member(simple, 'background_color')),
    text: colourOf(member(simple, 'text_color')),
    logoUri: imageOf(member(member(simple, 'logo'), 'uri')),
    svgUri: imageOf(member(templates[0], 'uri')),
  };
}

/** @param {unknown} value */
function colourOf(value) {
  return typeof value === 'string' && COLOUR.test(value) ? value : null;
}

/** @param {unknown} value @returns {string | null} */
function imageOf(value) {
  if (typeof value !== 'string') return null;
  if (/^data:image\/(png|jpeg|svg\+xml)[;,]/.test(value)) return value;
  try {
    return judgedUrl(value).href;
  } catch {
    return null;
  }
}
