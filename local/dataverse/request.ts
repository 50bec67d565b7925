/** A request in plain data, so that it can come from a socket or from a client's own HTTP adapter. */
export interface DataverseRequest {
  readonly method: string;
  /** Absolute URL, e.g. `http://127.0.0.1:8610/api/data/v9.2/WhoAmI`. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Bulk loads of the control plane may come as a stream; everything else is text. */
  readonly body: string | AsyncIterable<Uint8Array>;
}

/** An answer in plain data. */
export interface DataverseResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The connection ends without any answer. */
  readonly isDropped?: boolean;
  /** Somebody on the way answers, without any of the service's headers. */
  readonly isForeign?: boolean;
}
