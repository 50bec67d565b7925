import type { Finding } from '../contracts/run.ts';
import { isMissingPrivilege } from '../dataverse/service-failure.ts';

/** The requirement that a refusal of Dataverse shows not to hold, where it is for want of a privilege. */
export const refusedPrivilege = (error: unknown): Finding | undefined =>
  isMissingPrivilege(error)
    ? {
        code: 'privilege-missing',
        finding: error.message,
        remedy: '"backstamp grant" gives the application user what it needs; the doctor lists what is missing.',
      }
    : undefined;
