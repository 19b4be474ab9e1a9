/** Takes an offer or a request: scanned, or pasted. Which of the two it is, the text says itself. */

import { h, icon } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { arrive } from '../lib/router.js';
import { kindOf } from '../flows/links.js';
import { canScan, scanner } from '../parts/scanner.js';

/** @param {import('../lib/router.js').Context} context */
export default function add({ signal }) {
  const problem = h('p.field__error', { role: 'alert', id: 'link-problem' });
  const field = /** @type {HTMLTextAreaElement} */ (
    h('textarea.input', {
      id: 'link',
      rows: 4,
      maxlength: 8192,
      spellcheck: 'false',
      autocapitalize: 'none',
      autocomplete: 'off',
      placeholder: 'openid-credential-offer://…',
      'aria-describedby': 'link-hint link-problem',
    })
  );

  /** @param {string} text */
  function take(text) {
    const found = kindOf(text);
    if (found) return arrive(found.kind, found.text);
    problem.textContent = t('add.unknown');
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  }

  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    take(field.value);
  };
  const paste = async () => {
    try {
      field.value = (await navigator.clipboard.readText()).slice(0, 8192);
      take(field.value);
    } catch {
      problem.textContent = t('add.no_clipboard');
      field.focus();
    }
  };
  return h(
    'section.stack.stack--loose',
    null,
    h('header.page-head', null, h('h1', null, t('add.title')), h('p.muted', null, t('add.lead'))),
    scanner(take, signal),
    !canScan() && h('p.faint', null, t('add.no_scan')),
    h(
      'form.card.stack',
      { onsubmit: submit, novalidate: true },
      h('div.field', null, h('label', { for: 'link' }, t('add.link')), field, h('p.field__hint', { id: 'link-hint' }, t('add.link_hint')), problem),
      h('div.row', null, h('button.button.grow', { type: 'button', onclick: paste }, icon('paste'), t('add.paste')), h('button.button.button--primary.grow', { type: 'submit' }, t('action.next'))),
    ),
  );
}
