import { UsageError } from './usage-error.ts';

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);

/**
 * The root of an app, without a slash at its end.
 * @param name of the option or variable that it came from
 * @throws UsageError where it is none, or a key sent there could be read on its way
 */
export function appAddress(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `${name} ${text}: must be the root of the app, such as https://contoso-backstamp.azurewebsites.net.`,
    );
  }
  // The text is not repeated: it may hold a key.
  if (url.search !== '' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new UsageError(`${name}: must be the root of the app alone; the key goes into BACKSTAMP_KEY.`);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new UsageError(
      `${name} ${url.origin}: must begin with https. A key on its way over plain http is everybody's key; http is for this machine only.`,
    );
  }
  return url.href.replace(/\/+$/, '').replace(/\/api$/, '');
}
