import type { TypedMap } from './message-codec.ts';
import type { RequestBody } from './request-values.ts';

/** A request as an operation sees it. */
export interface Call {
  readonly body: RequestBody;
  readonly typedBody: TypedMap;
  /** Where the client connected to, as it named it. */
  readonly host: string;
  /** The receiving link on whose behalf a session operation is asked for. */
  readonly linkName: string | undefined;
}

/** A body to answer with; `undefined` is "nothing found", which the client reads as an empty result. */
export type Result = Readonly<Record<string, unknown>> | undefined;
