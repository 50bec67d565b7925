import { badRequest } from '../errors.ts';

/** An element of a FetchXML text. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Text directly inside the element, as `<value>` has it. */
  readonly text: string;
}

const TAG = /<!--[\s\S]*?-->|<(\/?)([A-Za-z][\w-]*)((?:\s+[\w-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g;
const ATTRIBUTE = /([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** Parses the XML that FetchXML is written in: elements, attributes and text, no namespaces or declarations. */
export function parseFetchXml(xml: string): Element {
  type Open = { name: string; attributes: Record<string, string>; children: Element[]; text: string };
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const stack: Open[] = [root];
  let position = 0;
  for (const match of xml.matchAll(TAG)) {
    const between = xml.slice(position, match.index);
    position = match.index + match[0].length;
    const top = stack.at(-1) as Open;
    top.text += unescapeXml(between);
    const [, closing, name, attributes = '', selfClosing] = match;
    if (name === undefined) continue;
    if (closing) {
      if (top.name !== name || stack.length === 1) throw invalid(`'</${name}>' has no beginning`);
      stack.pop();
      (stack.at(-1) as Open).children.push(top);
    } else {
      const element: Open = { name, attributes: {}, children: [], text: '' };
      for (const [, key = '', double, single] of attributes.matchAll(ATTRIBUTE)) {
        element.attributes[key] = unescapeXml(double ?? single ?? '');
      }
      if (selfClosing) top.children.push(element);
      else stack.push(element);
    }
  }
  const [fetch, surplus] = root.children;
  if (stack.length > 1) throw invalid(`'<${stack.at(-1)?.name}>' has no end`);
  if (fetch?.name !== 'fetch' || surplus || root.text.trim() !== '' || xml.slice(position).trim() !== '') {
    throw invalid('it must be one <fetch> element');
  }
  return fetch;
}

/** The children of one kind. */
export const childrenOf = (element: Element, name: string): Element[] =>
  element.children.filter((c) => c.name === name);

const invalid = (reason: string) => badRequest(`Invalid FetchXML: ${reason}.`, '0x80041129');

const unescapeXml = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
