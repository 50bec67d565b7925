import type { HttpResponseInit } from '@azure/functions';

/** Thrown by a route when the request cannot be followed; `answer` is what its sender gets. */
export class RefusedRequest extends Error {
  override name = 'RefusedRequest';
  readonly answer: HttpResponseInit;

  constructor(answer: HttpResponseInit) {
    super('The request was refused');
    this.answer = answer;
  }
}
