/** Opens the Service Bus connection that a trigger names: a connection string, or a namespace and an identity. */
import { DefaultAzureCredential, ManagedIdentityCredential } from '@azure/identity';
import { RetryMode, ServiceBusClient, type ServiceBusClientOptions } from '@azure/service-bus';
import type { AppSettings } from './app-settings.ts';
import type { ServiceBusSettings } from './host-settings.ts';
import { HostStartError } from './host-start-error.ts';
import { messageOf } from './message-of.ts';

/** How a connection is made. */
export type ServiceBusConnection =
  | { readonly connectionString: string }
  | { readonly namespace: string; readonly clientId: string | undefined; readonly isManagedIdentity: boolean };

/**
 * Looks a connection up: the setting `X` holds a connection string, else `X__fullyQualifiedNamespace` names the
 * namespace, and `X__credential` and `X__clientId` the identity. The host also tries the name `AzureWebJobsX`.
 * @throws HostStartError when neither is set
 */
export function resolveConnection(name: string, settings: AppSettings, where: string): ServiceBusConnection {
  for (const candidate of [name, `AzureWebJobs${name}`]) {
    const connectionString = settings.get(candidate);
    if (connectionString) return { connectionString };
    const namespace = settings.get(`${candidate}__fullyQualifiedNamespace`);
    if (!namespace) continue;
    return {
      namespace,
      clientId: settings.get(`${candidate}__clientId`),
      isManagedIdentity: settings.get(`${candidate}__credential`)?.toLowerCase() === 'managedidentity',
    };
  }
  throw new HostStartError(
    `${where} uses the connection "${name}": set the app setting ${name} (a connection string) or ${name}__fullyQualifiedNamespace.`,
  );
}

/**
 * Makes the client; nothing is sent yet.
 * @throws HostStartError when the connection string cannot be read
 */
export function openClient(
  connection: ServiceBusConnection,
  options: ServiceBusSettings,
  where: string,
): ServiceBusClient {
  const { mode, tryTimeout, delay, maxDelay, maxRetries } = options.clientRetryOptions;
  const clientOptions: ServiceBusClientOptions = {
    retryOptions: {
      mode: mode === 'fixed' ? RetryMode.Fixed : RetryMode.Exponential,
      timeoutInMs: tryTimeout,
      retryDelayInMs: delay,
      maxRetryDelayInMs: maxDelay,
      maxRetries,
    },
  };
  try {
    if ('connectionString' in connection) return new ServiceBusClient(connection.connectionString, clientOptions);
    const { namespace, clientId, isManagedIdentity } = connection;
    const credential = isManagedIdentity
      ? new ManagedIdentityCredential(clientId ? { clientId } : {})
      : new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
    return new ServiceBusClient(namespace, credential, clientOptions);
  } catch (error) {
    throw new HostStartError(`${where}: the Service Bus connection is wrong: ${messageOf(error)}`, { cause: error });
  }
}
