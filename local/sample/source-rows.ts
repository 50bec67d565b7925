import type { Row } from './organisation.ts';
import { type Identity, identityOf } from './people.ts';
import type { SourceRecord } from './population.ts';
import { Random } from './random.ts';
import { type SourceTableName, sourceTableNames } from './source-tables.ts';
import { withSwappedDay, withTypo } from './typos.ts';

/** What somebody typed: anything but the name may be missing. */
type Copied = { readonly [Field in keyof Identity]: Identity[Field] | null };

/** A person's data as it got into one source row: typos, gaps and mixed-up dates in all copies but the first. */
function copyOf(identity: Identity, { copy }: SourceRecord, random: Random): Copied {
  if (copy === 0) return identity;
  const typed = (text: string) => (random.chance(0.15) ? withTypo(text, random) : text);
  const given = (text: string) => (random.chance(0.08) ? null : typed(text));
  const namesSwapped = random.chance(0.04);
  const firstName = typed(identity.firstName);
  const lastName = typed(identity.lastName);
  return {
    firstName: namesSwapped ? lastName : firstName,
    lastName: namesSwapped ? firstName : lastName,
    emailAddress: given(identity.emailAddress),
    telephone: random.chance(0.3) ? identity.telephone.replaceAll(' ', '') : given(identity.telephone),
    street: given(identity.street),
    city: given(identity.city),
    postalCode: given(identity.postalCode),
    state: random.chance(0.2) ? null : identity.state,
    country: identity.country,
    birthDate: random.chance(0.05) ? withSwappedDay(identity.birthDate) : identity.birthDate,
  };
}

const addressOf = (person: Copied): Row => ({
  address1_line1: person.street,
  address1_city: person.city,
  address1_postalcode: person.postalCode,
  address1_stateorprovince: person.state,
  address1_country: person.country,
});

const personOf = (person: Copied): Row => ({
  firstname: person.firstName,
  lastname: person.lastName,
  fullname: `${person.firstName} ${person.lastName}`,
  emailaddress1: person.emailAddress,
  telephone1: person.telephone,
});

const wishes = ['Solar panels', 'Heat pump', 'Service contract', 'Home battery', 'Wall box'] as const;

const writers: Record<SourceTableName, (record: SourceRecord, person: Copied, random: Random) => Row> = {
  contact: ({ id, accountId }, person) => ({
    contactid: id,
    ...personOf(person),
    ...addressOf(person),
    birthdate: person.birthDate,
    parentcustomerid: accountId,
  }),
  lead: ({ id, contactId }, person, random) => ({
    leadid: id,
    ...personOf(person),
    ...addressOf(person),
    subject: `${random.pick(wishes)} enquiry`,
    parentcontactid: contactId,
  }),
  opportunity: ({ id, contactId, accountId }, person, random) => ({
    opportunityid: id,
    name: `${random.pick(wishes)} for ${person.firstName} ${person.lastName}`,
    emailaddress: person.emailAddress,
    estimatedvalue: random.whole(200, 25_000),
    estimatedclosedate: new Date(Date.UTC(2026, 0, random.whole(1, 730))).toISOString().slice(0, 10),
    parentcontactid: contactId,
    parentaccountid: accountId,
  }),
  account: ({ id, contactId }, person, random) => ({
    accountid: id,
    name: `${person.lastName} household`,
    accountnumber: `AC-${random.whole(100_000, 999_999)}`,
    emailaddress1: person.emailAddress,
    telephone1: person.telephone,
    ...addressOf(person),
    primarycontactid: contactId,
  }),
};

/** The row of a source table that a record stands for. */
export function sourceRowOf(seed: number, record: SourceRecord): Row {
  const random = new Random(seed, 3, record.about, record.copy, sourceTableNames.indexOf(record.table));
  return writers[record.table](record, copyOf(identityOf(seed, record.about), record, random), random);
}
