/** Reads QR codes with the camera, where the browser can (Shape Detection API). Pictures never leave the page. */

import { h, icon, replace } from '../lib/dom.js';
import { t } from '../lib/i18n.js';

const EVERY_MS = 250;

/** Tell whether there is a way to scan here. */
export function canScan() {
  return 'BarcodeDetector' in window && Boolean(navigator.mediaDevices?.getUserMedia);
}

/**
 * Draw the scanner; nothing where it cannot scan. The camera is on only while it is shown and wanted.
 * @param {(text: string) => void} onFound
 * @param {AbortSignal} signal ends it when the view is left.
 */
export function scanner(onFound, signal) {
  if (!canScan()) return null;
  const place = h('div.scanner');
  const start = h('button.button.button--primary.button--wide', { type: 'button', onclick: () => void run() }, icon('camera'), t('scan.start'));
  replace(place, start);
  return place;

  async function run() {
    const video = /** @type {HTMLVideoElement} */ (h('video.scanner__view', { playsinline: true, muted: true, 'aria-label': t('scan.view') }));
    video.muted = true;
    replace(place, h('div.scanner__frame', null, video), h('p.faint.centre', { role: 'status' }, t('scan.hint')));
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
      const stop = () => stream.getTracks().forEach((track) => track.stop());
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop);
      video.srcObject = stream;
      await video.play();
      const text = await firstCode(video);
      stop();
      if (text !== null) onFound(text);
    } catch {
      replace(place, start, h('p.field__error', { role: 'alert' }, t('scan.refused')));
    }
  }

  /** @param {HTMLVideoElement} video */
  async function firstCode(video) {
    const detector = new /** @type {any} */ (window).BarcodeDetector({ formats: ['qr_code'] });
    while (!signal.aborted) {
      const [found] = await detector.detect(video).catch(() => []);
      if (found?.rawValue) return String(found.rawValue);
      await new Promise((resolve) => window.setTimeout(resolve, EVERY_MS));
    }
    return null;
  }
}
