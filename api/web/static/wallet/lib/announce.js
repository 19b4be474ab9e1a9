/** Tells who hears the page what has changed. */

/**
 * Say something politely; saying the same again is heard again.
 * @param {string} text
 */
export function announce(text) {
  const place = document.getElementById('announcer');
  if (!place) return;
  place.textContent = '';
  window.requestAnimationFrame(() => {
    place.textContent = text;
  });
}
