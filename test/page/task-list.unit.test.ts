import { describe, expect, it } from 'vitest';
import { plainList } from '../../page/place.ts';
import { taskList } from '../../page/task-list.ts';
import { noRows } from '../../shared/contracts/counters.ts';
import type { Task } from '../../shared/contracts/run.ts';
import type { Status } from '../../shared/contracts/status.ts';
import { sampleRun, sampleTask } from '../api/records.ts';

const run = sampleRun(1);
const tasks = (count: number, statusOf: (index: number) => Status = () => 'Successful'): Task[] =>
  Array.from({ length: count }, (_, index) =>
    sampleTask(run, `new_table${String(index).padStart(2, '0')}`, {
      status: statusOf(index),
      counters: { ...noRows, read: 100, linked: index },
    }),
  );
const namesOf = (list: readonly Task[]) => list.map(({ table }) => table.replace('new_table', ''));

describe('a list of thirty tables', () => {
  const thirty = tasks(30, (index) =>
    index === 29 || index === 17 ? 'Failed' : index === 11 ? 'Completed with warnings' : 'Successful',
  );

  it('sums up how many have which status, what is worst first', () => {
    expect(taskList(thirty, plainList).counts).toEqual([
      ['Failed', 2],
      ['Completed with warnings', 1],
      ['Successful', 27],
    ]);
  });

  it('shows what failed first, and folds the rest', () => {
    const list = taskList(thirty, plainList);
    expect(namesOf(list.shown)).toEqual(['17', '29', '11', '00', '01', '02', '03', '04', '05', '06', '07', '08']);
    expect(list.folded).toBe(18);
    expect(taskList(thirty, { ...plainList, isUnfolded: true })).toMatchObject({ folded: 0, matching: 30 });
  });

  it('never folds what failed', () => {
    const list = taskList(
      tasks(30, (index) => (index < 25 ? 'Failed' : 'Successful')),
      plainList,
    );
    expect(list.shown).toHaveLength(25);
    expect(list.folded).toBe(5);
  });

  it('is not folded for a single table more', () => {
    expect(taskList(tasks(13), plainList).folded).toBe(0);
    expect(taskList(tasks(14), plainList).folded).toBe(2);
  });

  it('is found by name, filtered by status, and ordered either way', () => {
    expect(namesOf(taskList(thirty, { ...plainList, search: ' TABLE1 '.trim() }).shown)).toHaveLength(10);
    expect(namesOf(taskList(thirty, { ...plainList, status: 'Failed' }).shown)).toEqual(['17', '29']);
    const changed = { ...plainList, sort: 'changed', isUnfolded: true } as const;
    expect(namesOf(taskList(thirty, changed).shown).slice(0, 2)).toEqual(['29', '28']);
    expect(namesOf(taskList(thirty, { ...changed, isReversed: true }).shown).slice(0, 2)).toEqual(['00', '01']);
    expect(taskList(thirty, { ...plainList, search: 'nothing' })).toMatchObject({ shown: [], matching: 0 });
  });
});
