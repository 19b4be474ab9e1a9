// @ts-check
// Judge what is held by a DCQL query (OpenID4VP 1.0 section 6): which credentials could answer it, and which of their
// claims it needs. Nothing here decides what is shown; the holder does.
import { checkQuery } from './dcql_query.js';
import { isObject } from './json.js';

const MAX_SETS = 16;
const FORMAT = 'dc+sd-jwt';

/** @typedef {(string | number)[]} Path */
/** @typedef {{format?: string, vct: string, claims: Record<string, any>, authorityKeyIds?: string[]}} Held */
/** @typedef {{index: number, required: Path[], optional: Path[]}} Match */

/**
 * Judge a query.
 * @param {unknown} query as it stands in a request; throws `malformed_query` for another shape
 * @param {Held[]} held `authorityKeyIds` in base64url; all are bound to a device key
 * @param {{presented?: boolean}} [options] with `presented`, `held` is what presentations show: elements of arrays that
 *   are kept back leave no gap there, so a position says nothing any more and stands for any
 * @returns {{satisfied: boolean, sets: string[][], matches: Record<string, Match[]>}} `sets` are the answers that
 *   satisfy the query, each a list of credential query ids, the preferred and smallest first, none where it cannot be
 *   satisfied; `matches` has for each id the credentials that would do: `required` are the values to show, `optional`
 *   those the query mentions but can do without
 */
export function evaluate(query, held, { presented = false } = {}) {
  const checked = checkQuery(query);
  /** @type {Record<string, Match[]>} */
  const matches = {};
  for (const asked of checked.credentials) {
    matches[asked.id] = held.flatMap((one, index) => {
      const found = match(asked, one, presented);
      return found ? [{ index, ...found }] : [];
    });
  }
  const answerable = new Set(Object.keys(matches).filter((id) => matches[id].length > 0));
  const sets = answers(checked, answerable);
  return { satisfied: sets.length > 0, sets, matches };
}

/**
 * Give every value that a claims path pointer selects, with its place (section 7.1.1); none where the standard has the
 * processing end with an error.
 * @param {any} claims
 * @param {(string | number | null)[]} pointer
 * @param {boolean} [presented] see `evaluate`
 * @returns {{path: Path, value: any}[]}
 */
export function select(claims, pointer, presented = false) {
  /** @type {{path: Path, value: any}[]} */
  let found = [{ path: [], value: claims }];
  for (const step of pointer) {
    const fits = typeof step === 'string' ? isObject : Array.isArray;
    if (!found.every(({ value }) => fits(value))) return [];
    found = found.flatMap(({ path, value }) => {
      const every = step === null || (presented && typeof step === 'number');
      const steps = every ? [...value.keys()] : Object.hasOwn(value, step) ? [step] : [];
      return steps.map((/** @type {string | number} */ taken) => ({ path: [...path, taken], value: value[taken] }));
    });
  }
  return found;
}

/**
 * @param {any} asked @param {Held} held @param {boolean} presented
 * @returns {{required: Path[], optional: Path[]} | null}
 */
function match(asked, held, presented) {
  if (asked.format !== FORMAT || (held.format ?? FORMAT) !== FORMAT) return null;
  if (!asked.meta.vct_values.includes(held.vct)) return null;
  if (asked.trusted_authorities && !asked.trusted_authorities.some((/** @type {any} */ one) => vouches(one, held))) {
    return null;
  }
  const claims = asked.claims ?? [];
  const options = asked.claim_sets
    ? asked.claim_sets.map((/** @type {string[]} */ ids) => ids.map((id) => claims.find((c) => c.id === id)))
    : [claims];
  for (const option of options) {
    const places = option.map((/** @type {any} */ claim) => wanted(claim, held.claims, presented));
    if (!places.every((/** @type {Path[]} */ found) => found.length > 0)) continue;
    const required = unique(places.flat());
    const spelled = new Set(required.map((path) => JSON.stringify(path)));
    const rest = unique(claims.flatMap((/** @type {any} */ claim) => wanted(claim, held.claims, presented)));
    return { required, optional: rest.filter((path) => !spelled.has(JSON.stringify(path))) };
  }
  return null;
}

/** Kinds of authorities that cannot be judged here match nothing. @param {any} authority @param {Held} held */
function vouches(authority, held) {
  return authority.type === 'aki' && (held.authorityKeyIds ?? []).some((id) => authority.values.includes(id));
}

/** Give the places a claims query selects; where values are asked for, only what has one of them. */
function wanted(/** @type {any} */ claim, /** @type {any} */ claims, /** @type {boolean} */ presented) {
  const found = select(claims, claim.path, presented);
  const fitting = claim.values ? found.filter(({ value }) => claim.values.includes(value)) : found;
  return fitting.map(({ path }) => path);
}

/** @param {Path[]} paths */
function unique(paths) {
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

/** @param {any} query @param {Set<string>} answerable @returns {string[][]} */
function answers(query, answerable) {
  const all = query.credentials.map((/** @type {any} */ asked) => asked.id);
  if (!query.credential_sets) return all.every((/** @type {string} */ id) => answerable.has(id)) ? [all] : [];
  /** @type {string[][]} */
  let reached = [[]];
  for (const set of query.credential_sets) {
    const options = set.options.filter((/** @type {string[]} */ option) => option.every((id) => answerable.has(id)));
    // An optional set may be left unanswered, and is first: nothing is shown that is not needed (section 6.4.2).
    if (set.required === false) options.unshift([]);
    const widened = reached.flatMap((before) => (
      options.map((/** @type {string[]} */ option) => [...new Set([...before, ...option])])
    ));
    const kept = new Map(widened.map((ids) => [JSON.stringify([...ids].sort()), ids]));
    reached = [...kept.values()].slice(0, MAX_SETS);
  }
  return reached.filter((ids) => ids.length > 0);
}
