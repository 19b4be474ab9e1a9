/** Walks over the claims of a credential, leaving out what is not about a person. */

const TECHNICAL = new Set(['iss', 'iat', 'nbf', 'exp', 'vct', 'vct#integrity', 'aka_vcts', 'cnf', 'status', 'jti', '_sd_alg']);
const MAX = 128;

/**
 * List the claims down to their parts; a list of plain values counts as one.
 * @param {Record<string, any>} claims
 * @returns {{ path: (string | number)[], value: unknown }[]}
 */
export function leavesOf(claims) {
  /** @type {{ path: (string | number)[], value: unknown }[]} */
  const found = [];
  for (const [name, value] of Object.entries(claims)) if (!TECHNICAL.has(name)) walk([name], value, found);
  return found.slice(0, MAX);
}

/**
 * @param {(string | number)[]} path
 * @param {any} value
 * @param {{ path: (string | number)[], value: unknown }[]} found
 */
function walk(path, value, found) {
  const inside = typeof value === 'object' && value !== null;
  const plain = Array.isArray(value) && value.every((one) => typeof one !== 'object');
  if (!inside || plain || path.length >= 8) found.push({ path, value });
  else for (const [step, part] of Object.entries(value)) walk([...path, Array.isArray(value) ? Number(step) : step], part, found);
}
