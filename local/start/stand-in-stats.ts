import { z } from 'zod';
import { callStandIn } from '../sample/control-plane.ts';

const countsSchema = z.record(z.string(), z.number());

const statsSchema = z.object({
  requests: z.object({ total: z.number() }),
  rowsWritten: countsSchema,
  columnsWritten: z.record(z.string(), countsSchema),
  fired: countsSchema,
});
/** What the Dataverse stand-in itself counted since the last reset. */
export type StandInStats = z.infer<typeof statsSchema>;

export const readStats = async (url: string): Promise<StandInStats> =>
  statsSchema.parse(await (await callStandIn(url, '/__control/stats', {})).json());

export const resetStats = async (url: string): Promise<void> => {
  await callStandIn(url, '/__control/stats/reset', { method: 'POST' });
};
