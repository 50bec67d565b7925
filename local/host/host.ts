/**
 * The function host: loads a built app as the Functions worker does, and runs its triggers as the real host does: all of
 * them, or those of the group that the process is for. One host per process: Node loads an app's files once.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdminApi } from './admin-api.ts';
import { loadApp } from './app-loader.ts';
import { createAppRegistry, type RegisteredFunction } from './app-registry.ts';
import { createAppSettings, readLocalSettings } from './app-settings.ts';
import { byHandInvocation } from './by-hand.ts';
import { readHostSettings } from './host-settings.ts';
import { HostStartError } from './host-start-error.ts';
import { readHeaderLimit } from './http-limits.ts';
import { createHttpTrigger, respondEmpty } from './http-trigger.ts';
import { createInvoker } from './invocation.ts';
import type { HostKeys } from './keys.ts';
import type { Log } from './log.ts';
import { messageOf } from './message-of.ts';
import { groupOf } from './process-groups.ts';
import { startServiceBusTriggers } from './service-bus-trigger.ts';
import { startTimer } from './timer-trigger.ts';

/** How to start a host. */
export interface HostOptions {
  /** Folder of the app: host.json, package.json, perhaps local.settings.json. */
  readonly appDir: string;
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  readonly log: Log;
  /** Keys to call with; what is left out is made up. */
  readonly functionKey?: string | undefined;
  readonly masterKey?: string | undefined;
  /** The group whose triggers run here; left out, all do. */
  readonly group?: string | undefined;
  /** Told when an invocation outlived the function timeout; the process must then be ended and started anew. */
  onTimeout(message: string): void;
}

/** A running host. */
export interface Host {
  readonly port: number;
  readonly functions: readonly string[];
  /** The groups that these functions belong to. */
  readonly groups: readonly string[];
  readonly keys: HostKeys;
  /** Takes no more work, waits up to `drainMs` for running invocations, then closes everything; tells whether all ended. */
  stop(drainMs: number): Promise<boolean>;
}

/** The request body limit of the real host, 100 MB, which this setting changes there too. */
const bodyLimitSetting = 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT';
const defaultBodyLimit = 104_857_600;

/**
 * Starts a host; resolves when its triggers run.
 * @throws HostStartError when the app cannot be loaded, a setting is wrong or missing, or the port is taken
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const { appDir, log } = options;
  const startedAt = Date.now();
  // The app reads its settings from the environment, so the file's values are put there, beneath what is set already.
  for (const [name, value] of Object.entries(await readLocalSettings(appDir))) process.env[name] ??= value;
  const settings = createAppSettings(process.env);
  const hostSettings = await readHostSettings(appDir, settings);
  for (const path of hostSettings.unused)
    log.write('warning', 'host', `host.json: ${path} has no effect in this host.`);

  const registry = createAppRegistry(log);
  const app = await loadApp(appDir, registry, log);
  const functions = [...registry.functions.values()];
  for (const fn of functions) refuseOutputs(fn);
  const ofType = (type: string): RegisteredFunction[] =>
    functions.filter(
      (fn) => fn.trigger.type.toLowerCase() === type.toLowerCase() && groupOf(fn) === (options.group ?? groupOf(fn)),
    );

  const keys: HostKeys = {
    functionKey: options.functionKey ?? randomBytes(24).toString('base64url'),
    masterKey: options.masterKey ?? randomBytes(24).toString('base64url'),
  };
  const invoker = createInvoker({
    model: app.model,
    registry,
    log,
    timeoutMs: hostSettings.functionTimeoutMs,
    onTimeout: options.onTimeout,
  });
  const bodyLimit = Number(settings.get(bodyLimitSetting) ?? defaultBodyLimit);
  const handleHttp = createHttpTrigger({
    functions: ofType('httpTrigger'),
    invoker,
    keys,
    settings: hostSettings.http,
    log,
    bodyLimit,
    streamUri: app.capabilities.HttpUri,
  });
  const handleAdmin = createAdminApi({
    functions: registry.functions,
    keys,
    bodyLimit,
    startedAt,
    runByHand(fn, input) {
      const run = async (): Promise<unknown> => invoker.invoke(fn, byHandInvocation(fn, input));
      void run().catch((error) => log.write('debug', fn.name, `Run by hand failed: ${messageOf(error)}`));
    },
  });

  const server = createServer({ maxHeaderSize: readHeaderLimit }, (request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
    const handle = /^\/admin(\/|$)/i.test(url.pathname) ? handleAdmin : handleHttp;
    handle(request, response, url).catch((error) => {
      log.write('error', 'host', `${request.method} ${url.pathname}: ${messageOf(error)}`);
      respondEmpty(response, 500);
    });
  });
  // Fail on a taken port before any queue is read.
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      const reason = isTaken ? `Port ${options.port} is in use; choose another with --port.` : error.message;
      reject(new HostStartError(reason, { cause: error }));
    });
    server.listen(options.port, '127.0.0.1', resolve);
  });

  const serviceBus = startServiceBusTriggers({
    functions: ofType('serviceBusTrigger'),
    invoker,
    settings,
    options: hostSettings.serviceBus,
    log,
  });
  const timers = ofType('timerTrigger').map((fn) => startTimer(fn, invoker, settings));
  const known = ['httptrigger', 'servicebustrigger', 'timertrigger'];
  for (const { name, trigger } of functions) {
    if (known.includes(trigger.type.toLowerCase())) continue;
    log.write('information', 'host', `${name} (${trigger.type}) runs only through POST /admin/functions/${name}.`);
  }

  return {
    port: (server.address() as AddressInfo).port,
    functions: functions.map((fn) => fn.name),
    groups: [...new Set(functions.map(groupOf))],
    keys,
    async stop(drainMs) {
      for (const timer of timers) timer.stop();
      server.close();
      server.closeIdleConnections();
      // Messages in hand are settled after their invocation ended, so both are waited for.
      const drained = await Promise.race([
        Promise.all([serviceBus.stop(), invoker.idle(drainMs)]).then(([, isIdle]) => isIdle),
        delay(drainMs, false, { ref: false }),
      ]);
      await serviceBus.close();
      server.closeAllConnections();
      await registry.runHooks('appTerminate', { hookData: {} });
      return drained;
    },
  };
}

/** This host writes HTTP answers only: an app that relies on another output binding must know at once. */
function refuseOutputs(fn: RegisteredFunction): void {
  for (const { direction, type } of Object.values(fn.metadata.bindings)) {
    if (direction === 'out' && type.toLowerCase() !== 'http') {
      throw new HostStartError(
        `Function ${fn.name} has an output binding of type "${type}", which this host does not write.`,
      );
    }
    if (direction === 'in' && !/trigger$/i.test(type)) {
      throw new HostStartError(
        `Function ${fn.name} has an input binding of type "${type}", which this host does not read.`,
      );
    }
  }
}
