/**
 * Groups of functions that scale together on the Flex Consumption plan, each in processes of its own: all HTTP functions
 * in one, every other function of this host by itself. A process is told its group as there, by an app setting.
 */
import type { RegisteredFunction } from './app-registry.ts';

/** Names the group of a process; left out, it runs all functions. */
export const groupSetting = 'FUNCTIONS_TARGET_GROUP';

/** The group of the HTTP functions. */
export const httpGroup = 'http';

/** The group that a function belongs to. */
export const groupOf = ({ name, trigger }: RegisteredFunction): string =>
  trigger.type.toLowerCase() === 'httptrigger' ? httpGroup : `function:${name}`;
