import { describe, expect, it } from 'vitest';
import { bulk, CLIENT, guid, linkTarget, makeOrganisation, part } from './support.ts';

/** An organisation in which logic is registered on contacts: by step, by workflow and by flow. */
async function withLogic(privileges: 'all' | string[] = 'all') {
  const organisation = await makeOrganisation({ privileges: 'all' });
  const { load, get, control } = organisation;
  const idOf = async (set: string, filter: string, id: string) =>
    (await get(`${set}?$select=${id}&$filter=${filter}`)).json.value[0][id] as string;
  const filterOf = (message: string) =>
    idOf(
      'sdkmessagefilters',
      `sdkmessageid/name eq '${message}' and primaryobjecttypecode eq 'contact'`,
      'sdkmessagefilterid',
    );
  const step = (name: string, filterId: string, more: object = {}) => ({
    sdkmessageprocessingstepid: guid(name.charCodeAt(0)),
    name,
    sdkmessagefilterid: filterId,
    mode: 0,
    stage: 40,
    customizationlevel: 1,
    iscustomizable: true,
    ...more,
  });
  const update = await filterOf('Update');
  await load('sdkmessageprocessingstep', [
    step('All columns', update),
    step('Link only', await filterOf('UpdateMultiple'), { filteringattributes: 'msdynci_lookupfield_customerprofile' }),
    step('Names only', update, { filteringattributes: 'lastname,emailaddress1' }),
    step('Behind', update, { mode: 1 }),
    step('Core', update, { customizationlevel: 0 }),
    step('Disabled', update, { statecode: 1 }),
  ]);
  await load('workflow', [
    {
      workflowid: guid(900),
      name: 'Workflow on names',
      type: 1,
      statecode: 1,
      category: 0,
      mode: 1,
      primaryentity: 'contact',
      triggeronupdateattributelist: 'lastname',
    },
  ]);
  const flow = (n: number, name: string, message: number, more: object = {}) => ({
    callbackregistrationid: guid(n),
    name,
    entityname: 'contact',
    message,
    softdeletestatus: 0,
    ...more,
  });
  await load('callbackregistration', [
    flow(1, 'Flow modified', 3),
    flow(2, 'Flow added', 1),
    flow(3, 'Flow on names', 7, { filteringattributes: 'lastname' }),
    flow(4, 'Flow with condition', 4, { filterexpression: "lastname eq 'N2'" }),
    flow(5, 'Flow of a removed trigger', 3, { softdeletestatus: 1 }),
  ]);
  await load(
    'contact',
    [1, 2].map((n) => ({ contactid: guid(n), lastname: `N${n}` })),
  );
  if (privileges !== 'all') await control('PUT', `application-users/${CLIENT}`, { privileges });
  const fired = async (work: () => Promise<{ status: number }>) => {
    await control('POST', 'stats/reset');
    expect((await work()).status).toBeLessThan(300);
    return (await control('GET', 'stats')).json.fired;
  };
  const link = (headers: Record<string, string> = {}) =>
    organisation.post(bulk('UpdateMultiple'), { Targets: [1, 2].map((n) => linkTarget(guid(n), guid(50))) }, headers);
  return { ...organisation, fired, link };
}

describe('custom logic', () => {
  it('D37 fires steps on Update and UpdateMultiple alike, by single, bulk and batch writes, by their filtering attributes', async () => {
    const { fired, link, patch, batch } = await withLogic();

    const byBulk = await fired(() => link());
    const byPatch = await fired(() => patch(`contacts(${guid(1)})`, { lastname: 'X' }));
    const byBatch = await fired(() => batch([part('PATCH', `contacts(${guid(2)})`, { numberofchildren: 1 })]));

    expect(byBulk).toEqual({
      'All columns': 2,
      'Link only': 2,
      Behind: 2,
      Core: 2,
      'Flow modified': 2,
      'Flow with condition': 1,
    });
    expect(byPatch).toMatchObject({ 'Names only': 1, 'Workflow on names': 1, 'Flow on names': 1, 'All columns': 1 });
    expect(byPatch).not.toHaveProperty('Link only');
    expect(byBatch).toMatchObject({ 'All columns': 1 });
    expect(byBatch).not.toHaveProperty('Names only');
    expect({ ...byBulk, ...byPatch, ...byBatch }).not.toHaveProperty('Disabled');
  });

  it('D37 keeps from firing what each bypass header covers, and no more', async () => {
    const { fired, link } = await withLogic();
    const logic = (value: string) => link({ 'mscrm.bypassbusinesslogicexecution': value });

    const sync = await fired(() => logic('CustomSync'));
    const both = await fired(() => logic('CustomSync,CustomAsync'));
    const steps = await fired(() =>
      link({ 'mscrm.bypassbusinesslogicexecutionstepids': `${guid('A'.charCodeAt(0))},${guid(12345)}` }),
    );
    const plugins = await fired(() => link({ 'mscrm.bypasscustompluginexecution': 'true' }));
    const tooMany = await link({ 'mscrm.bypassbusinesslogicexecutionstepids': [1, 2, 3, 4].map(guid).join() });

    const flows = { 'Flow modified': 2, 'Flow with condition': 1 };
    expect(sync).toEqual({ Behind: 2, Core: 2, ...flows });
    expect(both).toEqual({ Core: 2, ...flows });
    expect(steps).toEqual({ 'Link only': 2, Behind: 2, Core: 2, ...flows });
    expect(plugins).toEqual({ Behind: 2, Core: 2, ...flows });
    expect(tooMany.status).toBe(400);
  });

  it('D37 lets nobody bypass without the privilege for it', async () => {
    const granted = ['prvWriteContact', 'prvAppendContact', 'prvAppendTomsdynci_customerprofile', 'prvReadContact'];
    const { link, fired, control } = await withLogic(granted);

    const refused = await link({ 'mscrm.bypassbusinesslogicexecution': 'CustomSync' });
    const older = await link({ 'mscrm.bypasscustompluginexecution': 'true' });
    await control('PUT', `application-users/${CLIENT}`, { privileges: [...granted, 'prvBypassCustomBusinessLogic'] });
    const allowed = await fired(() => link({ 'mscrm.bypassbusinesslogicexecution': 'CustomSync' }));

    expect([refused.status, older.status]).toEqual([403, 403]);
    expect(refused.json.error.message).toContain('prvBypassCustomBusinessLogic');
    expect(allowed).toMatchObject({ Behind: 2, Core: 2 });
    expect(allowed).not.toHaveProperty('All columns');
  });

  it('D38 fires flow triggers for each changed row unless told to suppress them, which a bypass of logic does not', async () => {
    const { fired, link, post } = await withLogic();

    const suppressed = await fired(() => link({ 'mscrm.suppresscallbackregistrationexpanderjob': 'true' }));
    const bypassed = await fired(() => link({ 'mscrm.bypassbusinesslogicexecution': 'CustomSync,CustomAsync' }));
    const created = await fired(() => post('contacts', { lastname: 'N2' }));

    expect(Object.keys(suppressed).filter((name) => name.startsWith('Flow'))).toEqual([]);
    expect(bypassed['Flow modified']).toBe(2);
    expect(created).toEqual({ 'Flow added': 1, 'Flow on names': 1, 'Flow with condition': 1 });
  });

  it('shows what is registered to those who ask, in one query over three tables', async () => {
    const { get } = await withLogic();

    const { json } = await get(
      "sdkmessagefilters?$select=sdkmessagefilterid&$filter=primaryobjecttypecode eq 'contact' and sdkmessageid/name eq 'Update'" +
        '&$expand=sdkmessagefilterid_sdkmessageprocessingstep($select=name,filteringattributes,mode,stage;$filter=statecode eq 0 and customizationlevel eq 1 and iscustomizable/Value eq true)',
    );

    const steps = json.value[0].sdkmessagefilterid_sdkmessageprocessingstep;
    expect(steps.map((step: { name: string }) => step.name).sort()).toEqual(['All columns', 'Behind', 'Names only']);
  });
});
