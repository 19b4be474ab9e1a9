/** Draws the head of a view that leads back. */

import { h, icon } from '../lib/dom.js';
import { t } from '../lib/i18n.js';

/**
 * @param {string} title
 * @param {string} [back] the address to go back to.
 * @param {...import('../lib/dom.js').Child} more at the end of the line.
 */
export function top(title, back = '#/home', ...more) {
  return h(
    'header.top',
    null,
    h('a.icon-button', { href: back, 'aria-label': t('action.back') }, icon('back')),
    h('h1.top__title', null, title),
    h('div.top__end', null, more),
  );
}
