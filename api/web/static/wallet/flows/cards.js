/** Gives the cards of the wallet with their faces and states. */

/**
 * @param {AbortSignal} _signal
 * @returns {Promise<{ id: string, face: import('../parts/card.js').Face, status: import('../parts/card.js').Status,
 *   watch?: (listener: (status: import('../parts/card.js').Status) => void) => void }[]>}
 */
export async function listCards(_signal) {
  return [];
}
