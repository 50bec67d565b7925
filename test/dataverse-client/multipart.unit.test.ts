import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchPart, readBatch, writeBatch } from '../../shared/dataverse/multipart.ts';
import { isRetryableError } from '../../shared/errors.ts';

const path = fc.webPath({ size: 'small' }).map((text) => `/api/data/v9.2${text}`);
const part: fc.Arbitrary<BatchPart> = fc.record({
  method: fc.constantFrom('GET', 'PATCH'),
  path,
  headers: fc.constant({ 'Content-Type': 'application/json; type=entry', 'If-Match': '*' }),
  body: fc.json().map((json) => json),
});

/** The service's side: an answer to each part, as its documentation prints them. */
const answerOf = (boundary: string, answers: readonly { status: number; body: string }[], lineEnd: string): string =>
  [
    ...answers.flatMap(({ status, body }) => [
      `--${boundary}`,
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      '',
      `HTTP/1.1 ${status} Some Phrase`,
      'Content-Type: application/json; odata.metadata=minimal',
      'OData-Version: 4.0',
      '',
      body,
    ]),
    `--${boundary}--`,
    '',
  ].join(lineEnd);

describe('$batch', () => {
  it('ends every line of a request with CRLF, the last one too', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), (parts) => {
        const text = writeBatch('batch_1', parts);

        expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
        expect(text.endsWith('--batch_1--\r\n')).toBe(true);
        expect(text.split('--batch_1\r\n').length - 1).toBe(parts.length);
      }),
    );
  });

  it('reads what was answered to each part, in order, whatever the bodies hold', () => {
    const answer = fc.record({ status: fc.integer({ min: 200, max: 599 }), body: fc.json() });
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1 }), fc.constantFrom('\r\n', '\n'), (answers, lineEnd) => {
        const text = answerOf('batchresponse_7', answers, lineEnd);

        const read = readBatch('multipart/mixed; boundary=batchresponse_7', text);

        expect(read.map(({ status, body }) => ({ status, body }))).toEqual(answers);
        expect(read.every(({ headers }) => headers['odata-version'] === '4.0')).toBe(true);
      }),
    );
  });

  it('is not misled by a boundary inside a value', () => {
    const body = JSON.stringify({ text: 'a --b7 b' });
    const text = answerOf('b7', [{ status: 200, body }], '\r\n');

    expect(readBatch('multipart/mixed; boundary="b7"', text).map((one) => one.body)).toEqual([body]);
  });

  it('takes an answer that was cut short, anywhere, for one that may come again', () => {
    const text = answerOf(
      'b',
      [
        { status: 204, body: '' },
        { status: 200, body: '{"value":[]}' },
      ],
      '\r\n',
    );
    for (let length = 0; length < text.length - 4; length++) {
      expect(() => readBatch('multipart/mixed; boundary=b', text.slice(0, length)), `at ${length}`).toThrow(
        expect.toSatisfy(isRetryableError),
      );
    }
  });
});
