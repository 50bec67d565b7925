import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readCsvOrganisation } from '../../local/sample/csv-organisation.ts';
import { SampleDataError, unificationSetup } from '../../local/sample/organisation.ts';
import { unificationSetupSchema } from '../../shared/contracts/unification-setup.ts';
import { contentsOf, expectConsistent } from './organisation-laws.ts';

const id = (digit: number) => `${digit}0000000-0000-4000-8000-000000000000`;
const customer = (digit: number) => String(digit).repeat(32);

const folders: string[] = [];
/** A folder with these files. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'csv-organisation-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const contacts = (...lines: string[]) => ['contactid,firstname,birthdate,customer', ...lines, ''].join('\n');
const good = contacts(
  `${id(1)},Ida,1990-02-28,${customer(7)}`,
  `${id(2)},Ida,,${customer(7)}`,
  `${id(3)},Bo,1980-01-01,`,
);

describe('an organisation read from files', () => {
  it('agrees with itself', async () => {
    const folder = await folderOf({ 'contact.csv': good, 'lead.csv': `leadid,customer\n${id(4)},${customer(7)}\n` });

    const organisation = await readCsvOrganisation(folder);

    const contents = contentsOf(organisation);
    expectConsistent(organisation, contents);
    expect(contents.get('msdynci_customerprofile')?.size).toBe(1);
    expect(contents.get('msdynci_alternatekey')?.size).toBe(3);
    expect([...organisation.truth('contact')].map(({ profileId }) => profileId !== null)).toEqual([true, true, false]);
  });

  it('keeps a known table as Dynamics 365 has it, and adds what else the file has', async () => {
    const folder = await folderOf({
      'contact.csv': `contactid,shoesize,customer\n${id(1)},44,${customer(7)}\n`,
    });

    const [table] = (await readCsvOrganisation(folder)).tables;

    expect(table).toMatchObject({ schemaName: 'Contact', entitySetName: 'contacts', primaryId: 'contactid' });
    const columns = new Map(table?.columns.map((column) => [column.logicalName, column.type]));
    expect(columns.get('birthdate')).toBe('DateTime');
    expect(columns.get('shoesize')).toBe('String');
    expect(columns.has('parentcustomerid'), 'a lookup to a table that is not there').toBe(false);
  });

  it('makes a custom table of any other file', async () => {
    const folder = await folderOf({
      'new_member.csv': `new_memberid,new_name,customer\n${id(1)},Ida,${customer(7)}\n`,
    });

    const organisation = await readCsvOrganisation(folder);

    expect(organisation.tables[0]).toMatchObject({
      logicalName: 'new_member',
      primaryId: 'new_memberid',
      changeTracking: true,
      columns: [{ logicalName: 'new_name', type: 'String' }],
    });
    expect([...organisation.rowsOf('new_member')]).toEqual([{ new_memberid: id(1), new_name: 'Ida' }]);
    expect(unificationSetupSchema.parse(unificationSetup(organisation)).tables[0]?.primaryKey).toBe('new_memberid');
  });

  it('loads a column as text when a value does not parse, and as its type when all do', async () => {
    const typeOf = async (birthDate: string) => {
      const folder = await folderOf({ 'contact.csv': contacts(`${id(1)},Ida,${birthDate},${customer(7)}`) });
      const organisation = await readCsvOrganisation(folder);
      const column = organisation.tables[0]?.columns.find(({ logicalName }) => logicalName === 'birthdate');
      return [column?.type, [...organisation.rowsOf('contact')][0]?.birthdate];
    };

    expect(await typeOf('1990-02-28')).toEqual(['DateTime', '1990-02-28']);
    for (const impossible of ['1990-02-30', '1915-13-01', '19xx-01-01'])
      expect(await typeOf(impossible)).toEqual(['String', impossible]);
  });

  it('takes numbers and references as such where a known column has them', async () => {
    const folder = await folderOf({
      'account.csv': `accountid,name,customer\n${id(2)},Ravn,\n`,
      'opportunity.csv': `opportunityid,estimatedvalue,parentaccountid,customer\n${id(1)},12.5,${id(2)},\n`,
    });

    const organisation = await readCsvOrganisation(folder);

    expect([...organisation.rowsOf('opportunity')]).toEqual([
      { opportunityid: id(1), estimatedvalue: 12.5, parentaccountid: id(2) },
    ]);
  });

  it('reads what spreadsheets write: byte order mark, CRLF, quotes, capitals, blank lines', async () => {
    const text = `\uFEFFContactId,FirstName,Customer\r\n${id(1).toUpperCase()},"Ida, ""the"" Great",${'AB'.repeat(16)}\r\n\r\n`;
    const folder = await folderOf({ 'Contact.CSV': text });

    const organisation = await readCsvOrganisation(folder);

    expect([...organisation.rowsOf('contact')]).toEqual([{ contactid: id(1), firstname: 'Ida, "the" Great' }]);
    expect([...organisation.rowsOf('msdynci_customerprofile')][0]?.msdynci_customerid).toBe('ab'.repeat(16));
  });

  it('leaves out what Dataverse keeps itself and what linking writes', async () => {
    const folder = await folderOf({
      'contact.csv': `contactid,createdon,msdynci_lookupfield_customerprofile,customer\n${id(1)},x,y,${customer(7)}\n`,
    });

    const organisation = await readCsvOrganisation(folder);

    expect([...organisation.rowsOf('contact')]).toEqual([{ contactid: id(1) }]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no CSV', { 'notes.txt': '' }, /there is no CSV file in it; put one per table there/],
    ['an empty file', { 'contact.csv': '' }, /^contact\.csv, line 1: the file is empty; begin it with/],
    ['no customer column', { 'contact.csv': `contactid\n${id(1)}\n` }, /^contact\.csv, line 1: .*"customer"; add it/],
    ['semicolons', { 'contact.csv': 'contactid;customer\n' }, /^contact\.csv, line 1: .*comma-separated/],
    ['customer first', { 'contact.csv': 'customer,contactid\n' }, /line 1: .*put the row's id/],
    ['a column that is none', { 'contact.csv': 'contactid,first name,customer\n' }, /line 1: "first name" cannot be/],
    ['a column twice', { 'contact.csv': 'contactid,a,A,customer\n' }, /line 1: the column "a" appears twice/],
    ['another first column', { 'contact.csv': 'id,customer\n' }, /^contact\.csv, line 1: .*"contactid", put it first/],
    [
      'an empty id',
      { 'contact.csv': contacts(`${id(1)},,,`, ',Ida,,') },
      /^contact\.csv, line 3: "contactid" is empty/,
    ],
    ['an id twice', { 'contact.csv': contacts(`${id(1)},,,`, `${id(1)},,,`) }, /line 3: .* stands in line 2 already/],
    ['an id that is no GUID', { 'contact.csv': contacts('42,,,') }, /line 2: the contactid "42" is no GUID; write/],
    [
      'a customer that is none',
      { 'contact.csv': contacts(`${id(1)},,,C-1`) },
      /line 2: "c-1" is no customer; write 32/,
    ],
    ['a ragged row', { 'contact.csv': contacts(`${id(1)},,`) }, /line 2: it has 3 fields, the header 4; put/],
    [
      'an open quote',
      { 'contact.csv': contacts(`${id(1)},"Ida,,`) },
      /line \d: it is no valid CSV \(CSV_QUOTE_NOT_CLOSED\)/,
    ],
    ['a reserved table', { 'msdynci_x.csv': 'a,customer\n' }, /^msdynci_x\.csv: .*name the file after the table/],
  ])('refuses %s in one line', async (_, files, message) => {
    const folder = await folderOf(files);

    const refused = readCsvOrganisation(folder);

    await expect(refused).rejects.toThrow(SampleDataError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(/\n/);
  });

  it('refuses a folder that is not there, and a file in its place', async () => {
    const folder = await folderOf({ 'contact.csv': good });

    await expect(readCsvOrganisation(join(folder, 'gone'))).rejects.toThrow(/gone: there is no such folder; name one/);
    await expect(readCsvOrganisation(join(folder, 'contact.csv'))).rejects.toThrow(/there is no such folder/);
  });

  it("refuses a folder in a file's place", async () => {
    const folder = await folderOf({});
    await mkdir(join(folder, 'contact.csv'));

    await expect(readCsvOrganisation(folder)).rejects.toThrow(/contact\.csv: it cannot be read \(EISDIR\)/);
  });
});

const isRealDate = (text: string) => new Date(text).toJSON()?.slice(0, 10) === text;
const realData = join(import.meta.dirname, '../../../shared/data/febrl');

// The data set is not part of the project: these tests need the folder data/febrl in the neighbouring folder `shared`.
describe.skipIf(!existsSync(realData))(
  'ten thousand damaged records (skipped where ../shared/data/febrl is missing)',
  () => {
    it('become five thousand customers, each with a contact and a lead', async () => {
      const organisation = await readCsvOrganisation(realData);

      const contents = contentsOf(organisation);
      expectConsistent(organisation, contents);
      expect(contents.get('contact')?.size).toBe(5_000);
      expect(contents.get('lead')?.size).toBe(5_000);
      expect(contents.get('msdynci_customerprofile')?.size).toBe(5_000);
      expect(contents.get('msdynci_alternatekey')?.size).toBe(10_000);
      const birthDates = [...organisation.rowsOf('lead')].map((row) => String(row.birthdate ?? ''));
      expect(birthDates.filter((date) => date !== '' && !isRealDate(date)).length, 'impossible dates').toBeGreaterThan(
        0,
      );
    });
  },
);
