/**
 * Builds the page out of elements and text. There is no way to hand it markup: what strangers send is always text.
 */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * Make an element.
 * @param {string} tag its name, with classes: `p.muted.centre`.
 * @param {Record<string, any> | null} [properties] attributes; `on…` functions are listeners, `style` holds custom
 *   properties by name. False, null and undefined are left out.
 * @param {...Child} children what stands in it; strings become text.
 * @returns {HTMLElement}
 */
export function h(tag, properties, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  if (classes.length > 0) element.classList.add(...classes);
  for (const [key, value] of Object.entries(properties ?? {})) set(element, key, value);
  fill(element, children);
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} key
 * @param {any} value
 */
function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
  else if (key === 'style') for (const [name, text] of Object.entries(value)) element.style.setProperty(name, text);
  else if (key === 'value' || key === 'checked') /** @type {any} */ (element)[key] = value;
  else element.setAttribute(key, value === true ? '' : String(value));
}

/**
 * Put children into an element, after what is there.
 * @param {Element | DocumentFragment} element
 * @param {Child[]} children
 */
export function fill(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) fill(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Put other children in the place of what is there.
 * @param {Element} element
 * @param {...Child} children
 */
export function replace(element, ...children) {
  element.replaceChildren();
  fill(element, children);
}

const PATHS = {
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  close: 'M6 6l12 12M18 6L6 18',
  home: 'M4 11l8-7 8 7v8a1.5 1.5 0 0 1-1.5 1.5h-4V15h-5v5.5h-4A1.5 1.5 0 0 1 4 19z',
  scan: 'M4 8V5.5A1.5 1.5 0 0 1 5.5 4H8M16 4h2.5A1.5 1.5 0 0 1 20 5.5V8M20 16v2.5a1.5 1.5 0 0 1-1.5 1.5H16M8 20H5.5A1.5 1.5 0 0 1 4 18.5V16M7.5 12h9',
  history: 'M12 7.5V12l3 2M4.5 12a7.5 7.5 0 1 0 2.2-5.300L4.5 9M4.5 4.5V9H9',
  settings: 'M4 7h9M17 7h3M4 12h3M11 12h9M4 17h9M17 17h3M15 5v4M9 10v4M15 15v4',
  lock: 'M7 11V8a5 5 0 0 1 10 0v3M6.5 11h11A1.5 1.5 0 0 1 19 12.5v6a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5v-6A1.5 1.5 0 0 1 6.5 11zM12 14.5v2',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  warn: 'M12 4l9 16H3zM12 10v4M12 16.800v.2',
  shield: 'M12 3.5l7 2.5v5.5c0 4.3-2.900 7.5-7 9-4.100-1.5-7-4.700-7-9V6zM9 12l2.2 2.200L15.2 10',
  erase: 'M8.5 12.5l2 0M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0M8 12h8',
  trash: 'M5 7h14M10 7V5h4v2M7 7l.8 12h8.400L17 7M10.5 11v5M13.5 11v5',
  paste: 'M9 5H7.5A1.5 1.5 0 0 0 6 6.5v12A1.5 1.5 0 0 0 7.5 20h9a1.5 1.5 0 0 0 1.5-1.5v-12A1.5 1.5 0 0 0 16.5 5H15M9 4h6v3H9z',
  camera: 'M4.5 8h3L9 5.5h6L16.5 8h3A1.5 1.5 0 0 1 21 9.5v8a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5v-8A1.5 1.5 0 0 1 4.5 8zM15.5 13a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0',
  bank: 'M4 10l8-5 8 5M5 10h14M6.5 10v7M10.5 10v7M13.5 10v7M17.5 10v7M4.5 19.5h15',
  globe: 'M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0M4.5 9.5h15M4.5 14.5h15M12 4c-2.5 2.2-3.5 5-3.5 8s1 5.8 3.5 8c2.5-2.2 3.5-5 3.5-8S14.5 6.2 12 4',
  timer: 'M12 8.5V13l2.5 1.5M19 13a7 7 0 1 1-14 0 7 7 0 0 1 14 0M10 3.5h4',
  key: 'M14.5 9.5a4 4 0 1 1-8 0 4 4 0 0 1 8 0M13.3 12.300L20 19M17 16l-2 2M10.5 9.5h.01',
  finger: 'M7 18c1.2-2 1.5-4 1.5-6a3.5 3.5 0 0 1 7 0c0 1.5-.1 3-.5 4.5M12 12c0 3-.6 5.5-2 8M4.5 14c.4-1.2.5-2 .5-3a7 7 0 0 1 12.5-4.300M19 10.5c.1 3-.1 5.5-.8 8',
  out: 'M14 5h5v5M19 5l-8 8M17 14v4.5a.5.5 0 0 1-.5.5h-11a.5.5 0 0 1-.5-.5v-11a.5.5 0 0 1 .5-.5H10',
  backspace: 'M9 6h10.5A1.5 1.5 0 0 1 21 7.5v9a1.5 1.5 0 0 1-1.5 1.5H9l-6-6zM11.5 9.5l5 5M16.5 9.5l-5 5',
  phone: 'M8.5 3.5h7A1.5 1.5 0 0 1 17 5v14a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 19V5a1.5 1.5 0 0 1 1.5-1.5zM11 17.5h2',
};

/**
 * Draw one of the page's icons; it says nothing to who hears the page.
 * @param {keyof typeof PATHS} name
 * @param {string} [more] a further class.
 * @returns {SVGElement}
 */
export function icon(name, more) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', more ? `icon ${more}` : 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
