import { countries } from './names.ts';
import { Random } from './random.ts';

/** What is true of a person; source rows are more or less careful copies of it. */
export interface Identity {
  readonly firstName: string;
  readonly lastName: string;
  readonly emailAddress: string;
  readonly telephone: string;
  readonly street: string;
  readonly city: string;
  readonly postalCode: string;
  readonly state: string;
  readonly country: string;
  /** ISO date. */
  readonly birthDate: string;
}

/** Letters that have no accent to be stripped of. */
const spelledOut: Readonly<Record<string, string>> = { ß: 'ss', ø: 'o', æ: 'ae', ł: 'l' };

const asciiOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[ßøæł]/g, (letter) => spelledOut[letter] ?? letter)
    .normalize('NFD')
    .replace(/[^a-z]/g, '');

/** Each `#` becomes a digit; a leading one is never 0, which a spreadsheet would have eaten. */
const fillIn = (pattern: string, random: Random): string =>
  pattern.replace(/#/g, (_, at: number) => String(random.whole(at === 0 ? 1 : 0, 9)));

/** The person behind a key; the same seed and key are always the same person. */
export function identityOf(seed: number, key: number): Identity {
  const random = new Random(seed, 1, key);
  const country = random.pick(countries);
  const firstName = random.pick(country.firstNames);
  const lastName = random.pick(country.lastNames);
  const [city, state] = random.pick(country.cities);
  const street = random.pick(country.streets);
  const house = String(random.whole(1, 180));
  const year = random.whole(1936, 2006);
  const day = new Date(Date.UTC(year, 0, random.whole(1, 365)));
  // Domains that RFC 2606 keeps free: no mail to a sample ever reaches anybody.
  const domain = random.pick(['example.com', 'example.org', 'example.net', 'mail.example', 'post.example']);
  return {
    firstName,
    lastName,
    emailAddress: `${asciiOf(firstName)}.${asciiOf(lastName)}${random.whole(1, 9999)}@${domain}`,
    telephone: fillIn(country.telephone, random),
    street: country.numberFirst ? `${house} ${street}` : `${street} ${house}`,
    city,
    postalCode: fillIn(country.postalCode, random),
    state,
    country: country.name,
    birthDate: day.toISOString().slice(0, 10),
  };
}
