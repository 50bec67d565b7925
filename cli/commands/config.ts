import type { AddCommand } from '../add-command.ts';
import { appAddress } from '../app-address.ts';
import { type Config, configFile, keyVariable, profileNamed, readConfig, writeConfig } from '../profiles.ts';
import type { Session } from '../session.ts';
import { textTable } from '../text.ts';
import { UsageError } from '../usage-error.ts';

const nameForm = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/i;

/** Commands about profiles: several installations, each by a name. */
export function addConfig(add: AddCommand, session: Session): void {
  const { environment } = session.world;
  const config = add('config', 'installations by name, so that nobody mixes up their addresses', [
    'config set production --url https://contoso-backstamp.azurewebsites.net',
    'config use production',
  ]);

  add('list', 'all profiles', ['config list'], config).action(async () => {
    session.show(await readConfig(environment), listText);
  });

  add(
    'set',
    'add a profile, or change it',
    ['config set test --url https://contoso-test.azurewebsites.net --sign-in api://<client id>'],
    config,
  )
    .argument('<name>', 'letters, digits and dashes')
    .option('-u, --url <url>', 'root of the app')
    .option(
      '--sign-in <audience>',
      'what tokens are asked for where people sign in, such as api://<client id>; "" for none',
    )
    .action(async (name: string, { signIn, url }: { signIn?: string; url?: string }) => {
      if (!nameForm.test(name)) throw new UsageError(`${name}: must be letters, digits and dashes, 40 at most.`);
      const before = await readConfig(environment);
      const known = Object.hasOwn(before.profiles, name) ? before.profiles[name] : undefined;
      const address = url === undefined ? known?.url : appAddress(url, '--url');
      if (address === undefined) throw new UsageError('Name the root of the app: --url URL.');
      const audience = signIn ?? known?.signIn;
      const profile = { url: address, ...(audience ? { signIn: audience } : {}) };
      // The first one is the one in use.
      const current = before.current ?? name;
      await writeConfig(environment, { current, profiles: { ...before.profiles, [name]: profile } });
      const how = audience ? 'You sign in with "az login"' : `Its key comes from ${keyVariable(name)}`;
      session.show({ name, ...profile }, () => `Profile ${name} is ${address}. ${how}.\n`);
    });

  add('use', 'take a profile wherever no other is named', ['config use production'], config)
    .argument('<name>')
    .action(async (name: string) => {
      const before = await readConfig(environment);
      const { url } = profileNamed(name, before);
      await writeConfig(environment, { ...before, current: name });
      const hidden = environment.BACKSTAMP_URL ? ' But BACKSTAMP_URL is set, and comes first.' : '';
      session.show({ current: name }, () => `From now on: ${name}, ${url}.${hidden}\n`);
    });

  add('remove', 'forget a profile', ['config remove test'], config)
    .argument('<name>')
    .action(async (name: string) => {
      const { current, profiles } = await readConfig(environment);
      profileNamed(name, { profiles });
      const { [name]: _, ...left } = profiles;
      await writeConfig(environment, { profiles: left, ...(current === name ? {} : { current }) });
      session.show({ removed: name }, () => `Profile ${name} is forgotten.\n`);
    });

  function listText({ current, profiles }: Config): string {
    const rows = Object.entries(profiles).map(([name, { url, signIn }]) => [
      name === current ? '*' : '',
      name,
      url,
      signIn ?? keyVariable(name),
    ]);
    if (rows.length === 0) return `No profiles yet (${configFile(environment)}).\n`;
    return textTable(['', 'profile', 'app', 'sign-in, or variable of the key'], rows, session.terminal);
  }
}
