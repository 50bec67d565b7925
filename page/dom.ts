/**
 * The page draws itself anew whenever something changed; what stands there already is kept and only corrected, so
 * that focus, selection and scrolling survive, and a screen reader hears of nothing that did not change.
 */

type Child = Node | string | number | undefined | false;
type Properties = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => void)>>;

/** Makes an element: `on…` are handlers, true and false switch an attribute, anything else is its text. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setProperties(element, properties);
  append(element, children);
  return element;
}

const svgNamespace = 'http://www.w3.org/2000/svg';

export function svg(
  tag: keyof SVGElementTagNameMap,
  properties: Properties = {},
  ...children: readonly (Child | readonly Child[])[]
): SVGElement {
  const element = document.createElementNS(svgNamespace, tag);
  setProperties(element, properties);
  append(element, children);
  return element;
}

function setProperties(element: Element, properties: Properties): void {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') Object.assign(element, { [name]: value });
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
}

function append(element: Element, children: readonly (Child | readonly Child[])[]): void {
  for (const child of children.flat() as readonly Child[]) {
    if (child !== undefined && child !== false) element.append(child instanceof Node ? child : String(child));
  }
}

/** Handlers that views set; copied like attributes, since a kept element must do what the new one would. */
const handlers = ['onclick', 'oninput', 'onchange', 'onsubmit'] as const;

/** Makes the children of `target` equal to `wanted`, keeping every element whose tag and `data-key` agree. */
export function draw(target: Element, wanted: readonly Node[]): void {
  const kept = new Map<string, Element>();
  for (const child of target.children) {
    const key = child.getAttribute('data-key');
    if (key !== null) kept.set(key, child);
  }
  for (const [index, next] of wanted.entries()) {
    const key = next instanceof Element ? next.getAttribute('data-key') : null;
    const there = key === null ? target.childNodes[index] : (kept.get(key) ?? target.childNodes[index]);
    if (there === undefined) target.append(next);
    else if (isAlike(there, next)) {
      if (target.childNodes[index] !== there) target.insertBefore(there, target.childNodes[index] ?? null);
      correct(there, next);
    } else if (key !== null || (there instanceof Element && there.hasAttribute('data-key'))) {
      target.insertBefore(next, target.childNodes[index] ?? null);
    } else there.replaceWith(next);
  }
  while (target.childNodes.length > wanted.length) target.lastChild?.remove();
}

const isAlike = (a: Node, b: Node): boolean =>
  a.nodeName === b.nodeName &&
  (!(a instanceof Element && b instanceof Element) || a.getAttribute('data-key') === b.getAttribute('data-key'));

function correct(there: Node, next: Node): void {
  if (!(there instanceof Element && next instanceof Element)) {
    if (there.nodeValue !== next.nodeValue) there.nodeValue = next.nodeValue;
    return;
  }
  for (const { name } of [...there.attributes]) if (!next.hasAttribute(name)) there.removeAttribute(name);
  for (const { name, value } of next.attributes) {
    if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  }
  for (const name of handlers) {
    (there as HTMLElement)[name] = (next as HTMLElement)[name] as never;
  }
  draw(there, [...next.childNodes]);
}
