/** Has the customer choose, claim by claim, what is shown: what is needed is marked, the rest is off until switched on. */

import { h, icon, replace } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { askStatus } from '../flows/cards.js';
import { statusBadge } from './card.js';

/** @typedef {import('../flows/presenting.js').Part} Part */
/** @typedef {import('../flows/presenting.js').Candidate} Candidate */

/**
 * @param {Part[]} parts
 * @param {AbortSignal} signal
 */
export function choices(parts, signal) {
  const sections = parts.map((part) => section(part, signal));
  return {
    element: h('div.stack.stack--loose', null, sections.map((one) => one.element)),
    picked: () => sections.map((one) => one.picked()),
  };
}

/** @param {Part} part @param {AbortSignal} signal */
function section({ id, candidates }, signal) {
  let candidate = candidates[0];
  /** @type {Set<number>} */
  let on = new Set();
  const place = h('div.stack');

  function draw() {
    const { items, described } = candidate;
    on = new Set(items.flatMap((item, index) => (item.required ? [index] : [])));
    const status = h('span', { 'aria-live': 'polite' });
    askStatus(described.held).then((now) => !signal.aborted && replace(status, now === 'valid' ? null : statusBadge(now)));
    const used = described.held.copies.every((copy) => copy.shown > 0);
    replace(
      place,
      h('div.section-title', null, h('h2', null, t('request.from_card', { name: described.face.name })), status),
      h('ul.list', null, items.map((item, index) => h('li', null, line(item, index)))),
      used && h('div.notice.notice--warn', null, icon('warn'), h('p', null, t('request.used_copy'))),
    );
  }

  /** @param {import('../flows/presenting.js').Item} item @param {number} index */
  function line(item, index) {
    const name = `choice-${id}-${index}`;
    const toggle = h('input.switch', {
      type: 'checkbox',
      role: 'switch',
      id: name,
      checked: item.required,
      disabled: item.required,
      onchange: (/** @type {Event} */ event) => (/** @type {HTMLInputElement} */ (event.target).checked ? on.add(index) : on.delete(index)),
    });
    return h(
      'label.choice',
      { for: name },
      h('span.grow', null, h('span.choice__name.block', null, item.label), h('span.choice__value.block', null, item.value)),
      h(`span.badge${item.required ? '.badge--brand' : ''}`, null, t(item.required ? 'request.required' : 'request.optional')),
      toggle,
    );
  }

  draw();
  const select = candidates.length > 1 && picker(candidates, id, (index) => {
    candidate = candidates[index];
    draw();
  });
  return {
    element: h('div.stack', null, select, place),
    picked: () => ({ id, candidate, items: candidate.items.filter((_, index) => on.has(index)) }),
  };
}

/** @param {Candidate[]} candidates @param {string} id @param {(index: number) => void} choose */
function picker(candidates, id, choose) {
  const options = candidates.map(({ described }, index) => h('option', { value: index }, `${described.face.name} · ${described.face.issuer}`));
  const change = (/** @type {Event} */ event) => choose(Number(/** @type {HTMLSelectElement} */ (event.target).value));
  return h('div.field', null, h('label', { for: `card-${id}` }, t('request.choose_option')), h('select.input', { id: `card-${id}`, onchange: change }, options));
}
