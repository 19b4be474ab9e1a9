/** Asks for the PIN until it is right, showing how long to wait where it was wrong too often. */

import { waiting } from '../lib/format.js';
import { t } from '../lib/i18n.js';
import { waitLeft } from '../store/attempts.js';
import { MustWait, WrongPin } from '../store/vault.js';
import { codeOf, sentenceOf } from './failure.js';
import { pinPad } from './pin_pad.js';

/**
 * @template T
 * @param {string} label
 * @param {(pin: string) => Promise<T>} attempt unlocks, or throws MustWait or WrongPin.
 * @param {(result: T, pin: string) => void} onRight
 * @param {AbortSignal} signal stops the clock when the view is left.
 */
export function pinCheck(label, attempt, onRight, signal) {
  const pad = pinPad(label, (pin) => void enter(pin));
  /** @type {number | undefined} */
  let clock;
  signal.addEventListener('abort', () => window.clearInterval(clock));

  /** @param {string} pin */
  async function enter(pin) {
    pad.setBusy(true);
    pad.say(t('pin.checking'));
    try {
      const result = await attempt(pin);
      if (!signal.aborted) onRight(result, pin);
    } catch (error) {
      if (error instanceof WrongPin || error instanceof MustWait) await settle(error instanceof WrongPin);
      else {
        pad.setBusy(false);
        pad.say(`${sentenceOf(error)} (${codeOf(error)})`, 'bad');
      }
    }
  }

  /**
   * Open the pad, or keep it shut while the delay lasts.
   * @param {boolean} wrong
   */
  async function settle(wrong) {
    const { waitMs, made } = await waitLeft();
    if (waitMs === 0) {
      pad.setBusy(false);
      if (wrong) pad.say(t('pin.wrong', { made }), 'bad');
      return;
    }
    pad.setBusy(true);
    pad.say(t('pin.wait', { time: waiting(waitMs) }), 'bad');
    count(Date.now() + waitMs);
  }

  /** @param {number} until */
  function count(until) {
    window.clearInterval(clock);
    clock = window.setInterval(() => {
      const left = until - Date.now();
      const message = pad.element.querySelector('.pin__message');
      // Written, not announced: a clock that speaks every second helps nobody.
      if (message) message.textContent = t('pin.wait', { time: waiting(Math.max(left, 1)) });
      if (left > 0) return;
      window.clearInterval(clock);
      pad.setBusy(false);
      pad.say(t('pin.again'));
    }, 500);
  }

  void settle(false);
  return pad;
}
