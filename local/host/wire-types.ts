/**
 * The wire form in which the Functions host and its Node worker speak of values, requests and answers
 * (the JSON shape of the worker protocol's messages). `@azure/functions` converts from and to it.
 */

/** One value; exactly one member is set. An empty object is null. */
export interface WireValue {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: WireHttp;
  readonly collectionString?: { readonly string: readonly string[] };
  readonly collectionBytes?: { readonly bytes: readonly Uint8Array[] };
  readonly collectionSint64?: { readonly sint64: readonly WireInt64[] };
}

/** A 64-bit integer in two halves, as the protocol's decoder hands it to JavaScript. */
export interface WireInt64 {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

/** A value that may be absent: `{ value }`. */
export type WireNullable<T = string> = { readonly value?: T };

/** An HTTP request (method, url, …) or an HTTP answer (statusCode, cookies, …). */
export interface WireHttp {
  readonly method?: string;
  readonly url?: string;
  readonly nullableHeaders?: Readonly<Record<string, WireNullable>>;
  readonly nullableQuery?: Readonly<Record<string, WireNullable>>;
  readonly nullableParams?: Readonly<Record<string, WireNullable>>;
  readonly body?: WireValue | null;
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly WireCookie[];
}

/** A cookie of an answer; `expires` in seconds since 1970, `maxAge` in seconds. */
export interface WireCookie {
  readonly name?: string;
  readonly value?: string;
  readonly domain?: WireNullable;
  readonly path?: WireNullable;
  readonly expires?: WireNullable<{ readonly seconds?: number; readonly nanos?: number }> | undefined;
  readonly secure?: WireNullable<boolean>;
  readonly httpOnly?: WireNullable<boolean>;
  readonly sameSite?: string;
  readonly maxAge?: WireNullable<number>;
}

/** W3C trace context of an invocation. */
export interface WireTraceContext {
  readonly traceParent: string;
  readonly traceState?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What a trigger hands over with an invocation. */
export interface WireInvocation {
  readonly inputData: readonly { readonly name: string; readonly data: WireValue }[];
  readonly triggerMetadata: Readonly<Record<string, WireValue>>;
  readonly traceContext: WireTraceContext;
}

/** What a function answered. */
export interface WireInvocationResponse {
  readonly returnValue?: WireValue | null;
  readonly outputData?: readonly { readonly name: string; readonly data: WireValue }[];
}

/** A binding as a function registered it; the members depend on its type. */
export interface WireBinding {
  readonly type: string;
  readonly direction: string;
  readonly name?: string;
  readonly [option: string]: unknown;
}
