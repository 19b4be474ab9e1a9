/** Starts the wallet page. */

import { browserLocale, setLocale, t } from './lib/i18n.js';
import { announce } from './lib/announce.js';
import { go, show } from './lib/router.js';
import { lockAfter, watch, whenLocked } from './lib/session.js';
import { keepOffline } from './lib/offline.js';
import { readSettings } from './store/settings.js';

async function start() {
  const settings = await readSettings();
  setLocale(settings.locale ?? browserLocale());
  lockAfter(settings.autoLockS);
  whenLocked((why) => {
    document.querySelectorAll('dialog').forEach((dialog) => dialog.remove());
    if (why === 'idle') announce(t('lock.idle'));
    void show();
  });
  watch();
  window.addEventListener('hashchange', () => void show());
  if (location.hash === '' && location.search === '') history.replaceState(null, '', '#/home');
  await show();
  void keepOffline();
}

start().catch(() => go('#/home'));
