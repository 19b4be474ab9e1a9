/** Lists what was received, shown, declined and refused. */

import { h, icon } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { moment } from '../lib/format.js';
import { listHistory } from '../store/history.js';

const ICONS = /** @type {const} */ ({ received: 'plus', presented: 'check', declined: 'close', refused: 'warn', failed: 'warn', removed: 'trash' });

export default async function view() {
  const entries = await listHistory();
  return h(
    'section.stack.stack--loose',
    null,
    h('header.page-head', null, h('h1', null, t('history.title')), h('p.muted', null, t('history.lead'))),
    entries.length === 0 ? h('p.muted.centre.history__empty', null, t('history.empty')) : h('ul.list', null, entries.map(line)),
  );
}

/** @param {import('../store/history.js').Entry} entry */
function line(entry) {
  return h(
    'li',
    null,
    h(
      'a.list__item',
      { href: `#/receipt/${entry.id}` },
      h(`span.history__mark.is-${entry.kind}`, null, icon(ICONS[entry.kind])),
      h('span.grow', null, h('strong.block', null, entry.party), h('small.muted.block', null, `${t(`history.${entry.kind}`)} · ${moment(entry.at)}`)),
      icon('next'),
    ),
  );
}
