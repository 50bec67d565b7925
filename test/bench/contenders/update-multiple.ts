import { Agent, request } from 'node:http';
import { type Assignment, inLanes, type Performance, Stopwatch, tokenFor } from '../contender.ts';
import { clientId, contactId, profileOf } from '../organisation.ts';

/** UpdateMultiple with a fixed number of rows in a fixed number of requests at once: what careful people write today. */
export async function updateMultiple(assignment: Assignment): Promise<Performance> {
  const { url, timeScale, concurrency } = assignment;
  const stopwatch = new Stopwatch(timeScale);
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const headers = {
    Authorization: `Bearer ${tokenFor(url, clientId(0))}`,
    Accept: 'application/json',
    'Content-Type': 'application/json; charset=utf-8',
    'OData-Version': '4.0',
    'OData-MaxVersion': '4.0',
  };
  const target = `${url}/api/data/v9.2/contacts/Microsoft.Dynamics.CRM.UpdateMultiple`;
  const post = (body: string): Promise<{ status: number; retryAfter: string | undefined; text: string }> =>
    new Promise((resolve, reject) => {
      const sending = request(target, { method: 'POST', headers, agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], text }),
        );
      });
      sending.on('error', reject).end(body);
    });
  await inLanes(assignment, stopwatch, async (from, to) => {
    const targets: object[] = [];
    for (let n = from; n < to; n++) {
      targets.push({
        '@odata.type': 'Microsoft.Dynamics.CRM.contact',
        contactid: contactId(n),
        'msdynci_lookupfield_customerprofile@odata.bind': `/msdynci_customerprofiles(${profileOf(n)})`,
      });
    }
    const { status, retryAfter, text } = await post(JSON.stringify({ Targets: targets }));
    if (status === 429) return { retryAfterSeconds: Number(retryAfter ?? 1) };
    if (status >= 300) throw new Error(`UpdateMultiple was refused: ${status} ${text}`);
    return undefined;
  });
  agent.destroy();
  return stopwatch.result();
}
