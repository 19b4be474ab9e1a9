/** Draws the bar at the bottom: home, scan, history, settings. */

import { h, icon } from '../lib/dom.js';
import { t } from '../lib/i18n.js';

/** @type {{ name: string, icon: any, text: any }[]} */
const ENTRIES = [
  { name: 'home', icon: 'home', text: 'tab.home' },
  { name: 'add', icon: 'scan', text: 'tab.add' },
  { name: 'history', icon: 'history', text: 'tab.history' },
  { name: 'settings', icon: 'settings', text: 'tab.settings' },
];

/**
 * @param {string} current the view that is shown.
 */
export function tabs(current) {
  return h(
    'nav.tabs',
    { 'aria-label': t('tab.label') },
    ENTRIES.map((entry) =>
      h(
        'a.tabs__entry',
        { href: `#/${entry.name}`, 'aria-current': entry.name === current ? 'page' : null },
        icon(entry.icon),
        h('span', null, t(entry.text)),
      ),
    ),
  );
}
