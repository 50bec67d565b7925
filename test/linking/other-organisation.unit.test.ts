import { describe, expect, it } from 'vitest';
import { atAddress } from '../../shared/linking/watermark-of.ts';
import { addProfile, guidOf, mapTo, smallOrganisation } from '../support/small-organisation.ts';
import { taskOf } from '../support/state-of.ts';

/** An organisation with a linked row, and a second run after something was done to it. */
async function secondRun(between: (simulation: ReturnType<typeof smallOrganisation>) => void) {
  const simulation = smallOrganisation({ contacts: 3, leads: 0 });
  addProfile(simulation, 1);
  mapTo(simulation, { kind: 'c', source: 1, profile: 1, spelling: 0 });
  simulation.post({ eventId: 'first', tables: ['contact'] });
  await simulation.run();
  between(simulation);
  mapTo(simulation, { kind: 'c', source: 2, profile: 1, spelling: 0 });
  const runId = simulation.post({ eventId: 'second', tables: ['contact'] });
  await simulation.run();
  expect(simulation.organisation.links('contact').get(guidOf('c', 2))).toBe(guidOf('p', 1));
  return taskOf(simulation, runId, 'contact').details.join('\n');
}

const rename = ({ options }: ReturnType<typeof smallOrganisation>) =>
  Object.assign(options, { dataverseUrl: 'https://renamed.crm.dynamics.com' });

/** Takes out of what is stored what versions of before did not store. */
function asBefore({ tables }: ReturnType<typeof smallOrganisation>): void {
  const [state] = tables.linkStates.documents('table');
  const document = structuredClone(state?.document) as { watermark: { of: { organisation?: string } } };
  expect(document.watermark.of.organisation).toBeDefined();
  delete document.watermark.of.organisation;
  tables.linkStates.put('table', 'contact', document);
}

describe('state belongs to an organisation', () => {
  it('carries on in the same one', async () => {
    expect(await secondRun(() => undefined)).not.toContain('Full pass');
  });

  it('carries on where the environment was renamed, and says so', async () => {
    const details = await secondRun(rename);

    expect(details).not.toContain('Full pass');
    expect(details).toContain("The environment's address is https://renamed.crm.dynamics.com now");
  });

  it('reads everything in a copied or restored one under the same address, and says so', async () => {
    const details = await secondRun((simulation) => {
      simulation.organisationId = '77777777-0000-4000-8000-000000000002';
    });

    expect(details).toContain('Full pass: the organisation is another one');
  });

  it('goes by the address where the version before noted no id, or Dataverse tells none', async () => {
    expect(await secondRun(asBefore)).not.toContain('Full pass');
    const renamed = await secondRun((simulation) => {
      asBefore(simulation);
      rename(simulation);
    });
    expect(renamed).toContain('Full pass: the environment is https://renamed.crm.dynamics.com now');
    const untold = await secondRun((simulation) => {
      simulation.organisationId = undefined;
    });
    expect(untold).not.toContain('Full pass');
  });
});

describe('what is kept of a renamed environment', () => {
  it('leads to its new address, and nothing else is touched', () => {
    const [before, now] = ['https://old.crm.dynamics.com', 'https://new.crm.dynamics.com'];
    const kept = {
      token: `${before}/api/data/v9.2/rows?$deltatoken=1`,
      of: { origin: before, key: 'contactid' },
      details: [`It was ${before}/ then`, 'https://old.crm.dynamics.com.example/'],
      takenAt: undefined,
      rows: 3,
    };

    expect(atAddress(kept, before, now)).toEqual({
      ...kept,
      token: `${now}/api/data/v9.2/rows?$deltatoken=1`,
      of: { origin: now, key: 'contactid' },
    });
  });
});
