/** Shows how something ended. */

import { h, icon } from '../lib/dom.js';

/**
 * @param {'good' | 'bad' | 'plain'} tone
 * @param {any} name the icon.
 * @param {string} title
 * @param {import('../lib/dom.js').Child} text
 * @param {...import('../lib/dom.js').Child} actions
 */
export function outcome(tone, name, title, text, ...actions) {
  return h(
    'section.outcome',
    { role: tone === 'bad' ? 'alert' : 'status' },
    h(`span.outcome__mark.outcome__mark--${tone}`, null, icon(name)),
    h('h1', null, title),
    h('p.muted', null, text),
    h('div.actions', null, actions),
  );
}

/**
 * Show that something is under way.
 * @param {string} text
 */
export function waiting(text) {
  return h('section.waiting', { role: 'status' }, h('span.spinner'), h('p.muted', null, text));
}
