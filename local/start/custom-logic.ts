import type { Row } from '../sample/organisation.ts';

/*
 * What a real organisation has registered on updates: a plug-in that only wants to hear of a changed name or e-mail,
 * as it should be, and one that nobody gave filtering attributes, which hears of everything.
 */

export const filteredStep = 'Contoso.Plugins.CheckEmail: Update of contact';
export const unfilteredStep = 'Contoso.Plugins.Audit: Update of lead';

const updateMessage = '20bebb1b-ea3e-db11-86a7-000a3a5473e8';
const contactFilter = '3f3f6f0a-64a3-4b52-8d0e-6a2a41c0a001';
const leadFilter = '3f3f6f0a-64a3-4b52-8d0e-6a2a41c0a002';

/** Rows by table, to be loaded beside the organisation's own. */
export const customLogic: ReadonlyMap<string, readonly Row[]> = new Map<string, Row[]>([
  ['sdkmessage', [{ sdkmessageid: updateMessage, name: 'Update' }]],
  [
    'sdkmessagefilter',
    [
      { sdkmessagefilterid: contactFilter, sdkmessageid: updateMessage, primaryobjecttypecode: 'contact' },
      { sdkmessagefilterid: leadFilter, sdkmessageid: updateMessage, primaryobjecttypecode: 'lead' },
    ],
  ],
  [
    'sdkmessageprocessingstep',
    [
      {
        sdkmessageprocessingstepid: '7c1a1f6e-2f70-4c55-9a55-1d5c4f8be001',
        name: filteredStep,
        sdkmessageid: updateMessage,
        sdkmessagefilterid: contactFilter,
        filteringattributes: 'firstname,lastname,emailaddress1',
        stage: 20,
        mode: 0,
        statecode: 0,
        customizationlevel: 1,
      },
      {
        sdkmessageprocessingstepid: '7c1a1f6e-2f70-4c55-9a55-1d5c4f8be002',
        name: unfilteredStep,
        sdkmessageid: updateMessage,
        sdkmessagefilterid: leadFilter,
        filteringattributes: null,
        stage: 40,
        mode: 0,
        statecode: 0,
        customizationlevel: 1,
      },
    ],
  ],
]);
