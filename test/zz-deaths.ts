import { survive } from './support/real-deaths.ts';

for (let i = 0; i < 12; i++) {
  const t = Date.now();
  const end = setTimeout(() => {
    console.log('STALL');
    process.exit(3);
  }, 90_000);
  const { run, wrong } = await survive({ rows: 6_000, deaths: 3, brokerOutageMs: 2_000 });
  clearTimeout(end);
  console.log(i, run.status, wrong.length, Date.now() - t);
}
process.exit(0);
