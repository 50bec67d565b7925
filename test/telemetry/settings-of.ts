import { parseSettings, type Settings } from '../../shared/settings.ts';
import { twoTables } from '../operate/sample-stack.ts';

/** Settings that the app starts with, and those given on top. */
export const settingsOf = (given: Readonly<Record<string, string>>): Settings =>
  parseSettings({
    DATAVERSE_URL: 'https://example.crm.dynamics.com',
    ServiceBusConnection: 'Endpoint=sb://127.0.0.1',
    StateStorage: 'UseDevelopmentStorage=true',
    BACKSTAMP_UNIFICATION: JSON.stringify(twoTables),
    ...given,
  });
