import type { FakeAnswer, SeenRequest } from './fake-http.ts';
import { fault, guid } from './fake-http.ts';

/** What the pretended service says to the write of one row; undefined where it takes it. */
export type Verdict = FakeAnswer | undefined;

/**
 * A table whose rows each have a fate of their own: what UpdateMultiple, `$batch` and reads answer follows from them as
 * on a standard table, where one bad row refuses a whole bulk message.
 * @param verdict what is said to a row's write, by the row and by how often it was tried
 */
export function pretendTable(
  verdict: (row: number, tries: number) => Verdict,
  options: { readonly bulk?: boolean; readonly exists?: (row: number) => boolean } = {},
) {
  const { bulk = true, exists = () => true } = options;
  const written = new Set<string>();
  const tries = new Map<string, number>();
  const say = (id: string): Verdict => {
    const count = (tries.get(id) ?? 0) + 1;
    tries.set(id, count);
    return verdict(Number.parseInt(id.slice(-12), 16), count);
  };
  const respond = ({ method, path, body }: SeenRequest): FakeAnswer => {
    if (path.startsWith('sdkmessagefilters')) return json({ value: bulk ? [{ sdkmessagefilterid: guid(0) }] : [] });
    if (path.includes('CRM.UpdateMultiple')) {
      const ids = (JSON.parse(body).Targets as { contactid: string }[]).map(({ contactid }) => contactid);
      const refused = ids.map(say).find((answer) => answer !== undefined);
      if (refused) return refused;
      for (const id of ids) written.add(id);
      return { status: 204, headers: { 'OData-Version': '4.0' }, body: '' };
    }
    if (method === 'GET') {
      const values = /@p2=(\[.*\])/.exec(path)?.[1];
      const ids = values === undefined ? [] : (JSON.parse(values) as string[]);
      const found = ids.filter((id) => exists(Number.parseInt(id.slice(-12), 16)));
      return json({ value: found.map((contactid) => ({ contactid })) });
    }
    const parts = [...body.matchAll(/PATCH \/api\/data\/v9\.2\/contacts\(([^)]+)\)/g)].map(([, id = '']) => {
      const refused = say(id);
      if (!refused) written.add(id);
      return partOf(refused ?? { status: 204, headers: { 'OData-Version': '4.0' }, body: '' });
    });
    return {
      headers: { 'Content-Type': 'multipart/mixed; boundary=answer', 'OData-Version': '4.0' },
      body: `${parts.join('')}--answer--\r\n`,
    };
  };
  return { written, respond };
}

function partOf({ status = 200, headers = { 'Content-Type': 'application/json' }, body = '' }: FakeAnswer): string {
  const head = '--answer\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n';
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return `${head}HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n${text}\r\n`;
}

const JSON_TYPE = { 'Content-Type': 'application/json; odata.metadata=minimal', 'OData-Version': '4.0' };

export const json = (body: object): FakeAnswer => ({ headers: JSON_TYPE, body });

/** A refusal in the service's own form. */
export const refuse = (status: number, code: string, message: string): FakeAnswer => ({
  status,
  headers: JSON_TYPE,
  body: fault(code, message),
});

/** A page of whatever stands between. */
export const gatewayPage = (status: number): FakeAnswer => ({
  status,
  headers: { 'Content-Type': 'text/html' },
  body: '<html><body>Sign in to continue</body></html>',
});
