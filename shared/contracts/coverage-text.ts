import { counted } from '../counted.ts';
import type { Coverage } from './coverage.ts';

const reasons: Readonly<Record<keyof Coverage['notLinked'], string>> = {
  notInMap: 'not in the map',
  waiting: 'waiting for their profile',
  failed: 'refused by Dataverse',
  held: 'held until somebody confirms',
  acrossUnits: 'of another business unit than their profile',
  keyUnusable: 'without a usable key in the map',
};

/** Share of the rows that are linked, such as `99.1 %`; 100 only where every row is. */
export const coverageShare = ({ rows, linked }: Coverage): string =>
  `${rows === 0 ? '100' : (Math.floor((1000 * linked) / rows) / 10).toFixed(1)} %`;

/** Coverage as people read it: `99.1 % of about 23,000 rows linked; 207 not: 200 not in the map, 7 waiting for their profile.` */
export function coverageText(coverage: Coverage): string {
  const { rows, notLinked } = coverage;
  const why = Object.entries(reasons)
    .map(([reason, words]) => [notLinked[reason as keyof typeof notLinked], words] as const)
    .filter(([number]) => number > 0);
  const sum = why.reduce((all, [number]) => all + number, 0);
  const rest = why.map(([number, words]) => `${number.toLocaleString('en')} ${words}`).join(', ');
  return `${coverageShare(coverage)} of about ${counted(rows, 'row')} linked${sum === 0 ? '' : `; ${sum.toLocaleString('en')} not: ${rest}`}.`;
}
