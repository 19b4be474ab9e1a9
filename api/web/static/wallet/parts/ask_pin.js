/** Asks for the PIN in a sheet over the view, to confirm what cannot be taken back. */

import { h, icon } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { pinCheck } from './pin_check.js';

/**
 * Ask, and do what the PIN allows. The sheet stays while that fails for the PIN; it closes on every other outcome.
 * @template T
 * @param {string} title what is being confirmed.
 * @param {(pin: string) => Promise<T>} attempt throws WrongPin or MustWait to have the PIN asked again.
 * @returns {Promise<T>}
 * @throws with code `cancelled` where the customer closes the sheet, and whatever else `attempt` throws.
 */
export function askPin(title, attempt) {
  return new Promise((resolve, reject) => {
    const leaving = new AbortController();
    const pad = pinCheck(title, (pin) => attempt(pin), (result) => end(() => resolve(result)), leaving.signal);
    const cancel = () => end(() => reject(Object.assign(new Error('cancelled'), { code: 'cancelled' })));
    const sheet = /** @type {HTMLDialogElement} */ (
      h(
        'dialog.sheet.sheet--pin',
        { 'aria-labelledby': 'sheet-title', oncancel: cancel },
        h('header.sheet__head', null, h('h2', { id: 'sheet-title' }, title), h('button.icon-button', { type: 'button', 'aria-label': t('action.close'), onclick: cancel }, icon('close'))),
        pad.element,
      )
    );

    /** @param {() => void} then */
    function end(then) {
      leaving.abort();
      sheet.close();
      sheet.remove();
      then();
    }

    document.body.append(sheet);
    sheet.showModal();
    /** @type {HTMLElement | null} */ (pad.element.querySelector('[data-focus]'))?.focus();
  });
}
