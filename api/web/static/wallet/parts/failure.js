/** Says what went wrong, in words for people, with the code for who must find out why. */

import { h, icon } from '../lib/dom.js';
import { isText, t } from '../lib/i18n.js';

/**
 * Give the code of an error; foreign errors have one for all.
 * @param {unknown} error
 * @returns {string}
 */
export function codeOf(error) {
  const code = /** @type {any} */ (error)?.code;
  return typeof code === 'string' && /^[a-z][a-z0-9_.-]{0,63}$/.test(code) ? code : 'unexpected';
}

/**
 * Give the sentence for an error.
 * @param {unknown} error
 */
export function sentenceOf(error) {
  const key = `failure.${codeOf(error)}`;
  return isText(key) ? t(key) : t('failure.unexpected');
}

/**
 * Show an error as a whole view.
 * @param {unknown} error
 * @param {() => void} leave
 * @param {string} [title]
 */
export function failureView(error, leave, title = t('failure.title')) {
  return h(
    'section.outcome',
    { role: 'alert' },
    h('span.outcome__mark.outcome__mark--bad', null, icon('warn')),
    h('h1', null, title),
    h('p.muted', null, sentenceOf(error)),
    h('p.faint', null, t('failure.code', { code: codeOf(error) })),
    h('div.actions', null, h('button.button.button--primary.button--wide', { type: 'button', onclick: leave }, t('action.home'))),
  );
}
