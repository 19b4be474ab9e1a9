/**
 * Draws where a PIN is typed: six dots, and a pad of digits. The keyboard works as well: the field behind the dots
 * has the focus. Its value leaves it as soon as it is complete.
 */

import { h, icon, replace } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { announce } from '../lib/announce.js';
import { PIN_LENGTH } from '../pin.js';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', null, '0', 'erase'];

/**
 * @typedef {object} PinPad
 * @property {HTMLElement} element
 * @property {(text: string, tone?: 'bad' | 'plain') => void} say shows a sentence under the dots and says it.
 * @property {(busy: boolean) => void} setBusy nothing can be typed meanwhile.
 * @property {() => void} clear forgets what was typed.
 */

/**
 * @param {string} label what is to be typed.
 * @param {(pin: string) => void} onEnter gets six digits.
 * @returns {PinPad}
 */
export function pinPad(label, onEnter) {
  let typed = '';
  let busy = false;
  const dots = Array.from({ length: PIN_LENGTH }, () => h('span.pin__dot'));
  const message = h('p.pin__message', { id: 'pin-message' });
  const field = /** @type {HTMLInputElement} */ (
    h('input.visually-hidden', {
      type: 'password',
      inputmode: 'none',
      autocomplete: 'off',
      maxlength: PIN_LENGTH,
      'aria-label': label,
      'aria-describedby': 'pin-message',
      'data-focus': true,
      'data-pin': true,
      onkeydown: onKey,
      // A password manager or an assistive keyboard writes without keys.
      oninput: () => setTyped(field.value.replace(/\D/g, '')),
    })
  );

  /** @param {string} next */
  function setTyped(next) {
    if (busy) return;
    typed = next.slice(0, PIN_LENGTH);
    field.value = typed;
    dots.forEach((dot, index) => dot.classList.toggle('is-set', index < typed.length));
    if (typed.length < PIN_LENGTH) return;
    const pin = typed;
    // The last dot is seen before anything slow begins.
    window.setTimeout(() => {
      clear();
      onEnter(pin);
    }, 60);
    busy = true;
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key === 'Tab' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key)) setTyped(typed + event.key);
    else if (event.key === 'Backspace') setTyped(typed.slice(0, -1));
    else return;
    event.preventDefault();
  }

  function clear() {
    busy = false;
    typed = '';
    field.value = '';
    dots.forEach((dot) => dot.classList.remove('is-set'));
  }

  const keys = KEYS.map((key) => {
    if (key === null) return h('span');
    const press = () => {
      setTyped(key === 'erase' ? typed.slice(0, -1) : typed + key);
      field.focus({ preventScroll: true });
    };
    const name = key === 'erase' ? t('pin.erase') : null;
    return h('button.pin__key', { type: 'button', 'aria-label': name, onclick: press }, key === 'erase' ? icon('backspace') : key);
  });
  const element = h(
    'div.pin',
    { onclick: () => field.focus({ preventScroll: true }) },
    h('div.pin__dots', { 'aria-hidden': 'true' }, dots),
    field,
    message,
    h('div.pin__keys', { role: 'group', 'aria-label': t('pin.pad') }, keys),
  );
  return {
    element,
    clear,
    say(text, tone = 'plain') {
      replace(message, text);
      message.classList.toggle('is-bad', tone === 'bad');
      element.classList.toggle('is-shaken', tone === 'bad');
      announce(text);
    },
    setBusy(now) {
      busy = now;
      element.classList.toggle('is-busy', now);
      keys.forEach((key) => key instanceof HTMLButtonElement && (key.disabled = now));
      if (!now) field.focus({ preventScroll: true });
    },
  };
}
