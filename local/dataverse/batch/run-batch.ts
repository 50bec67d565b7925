import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RequestContext } from '../context.ts';
import { badRequest, DataverseError } from '../errors.ts';
import { parsePreferences } from '../query/preferences.ts';
import { parseQueryOptions } from '../query/query-options.ts';
import type { DataverseResponse } from '../request.ts';
import { refusal } from '../response.ts';
import { runAtomically } from '../write/transaction.ts';
import { type BatchPart, parseBatch } from './parse-batch.ts';

type AnswerPart = (context: RequestContext) => DataverseResponse;

/** After this much work other requests get their turn. */
const SLICE_MS = 10;
const PART_HEAD = 'Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n';

/**
 * Runs a batch part after part. Without `odata.continue-on-error` it ends at the first error, whose status becomes that of the
 * whole answer.
 */
export async function runBatch(context: RequestContext, answerPart: AnswerPart): Promise<DataverseResponse> {
  if (context.method !== 'POST') throw badRequest('A batch is sent by POST.');
  const boundary = `batchresponse_${randomUUID()}`;
  const sections: string[] = [];
  const finish = (status: number): DataverseResponse => ({
    status,
    headers: { 'Content-Type': `multipart/mixed; boundary=${boundary}` },
    body: `${sections.map((section) => `--${boundary}\r\n${section}\r\n`).join('')}--${boundary}--\r\n`,
  });
  let items: ReturnType<typeof parseBatch>;
  try {
    items = parseBatch(context.headers['content-type'], context.body);
  } catch (error) {
    if (!(error instanceof DataverseError)) throw error;
    sections.push(section(refusal(error, context.preferences), undefined));
    return finish(error.status);
  }
  let sliceBegan = performance.now();
  for (const item of items) {
    const answers =
      'changeSet' in item
        ? runChangeSet(context, item.changeSet, answerPart)
        : [answerPart(partContext(context, item))];
    const failed = answers.find(({ status }) => status >= 400);
    const isSet = 'changeSet' in item && !failed;
    sections.push(
      isSet ? setSection(answers, item.changeSet) : section(failed ?? (answers[0] as DataverseResponse), undefined),
    );
    if (failed && !context.preferences.continueOnError) return finish(failed.status);
    if (performance.now() - sliceBegan > SLICE_MS) {
      await nextTurn();
      sliceBegan = performance.now();
    }
  }
  return finish(200);
}

/** All parts, or the answer of the one that failed, after which nothing was written. */
function runChangeSet(
  context: RequestContext,
  parts: readonly BatchPart[],
  answerPart: AnswerPart,
): readonly DataverseResponse[] {
  const references = new Map<string, string>();
  try {
    return runAtomically(context.organisation, () =>
      parts.map((part) => {
        const answer = answerPart(partContext(context, part, references));
        if (answer.status >= 400) throw new ChangeSetFailure(answer);
        const created = answer.headers['OData-EntityId'];
        if (part.contentId !== undefined && created !== undefined) references.set(`$${part.contentId}`, created);
        return answer;
      }),
    );
  } catch (error) {
    if (error instanceof ChangeSetFailure) return [error.answer];
    throw error;
  }
}

class ChangeSetFailure extends Error {
  readonly answer: DataverseResponse;

  constructor(answer: DataverseResponse) {
    super(`A part of the change set was answered ${answer.status}.`);
    this.answer = answer;
  }
}

/** A part is a request of its own, with its own headers; only who sends it and what he bypasses come from the batch. */
function partContext(
  context: RequestContext,
  part: BatchPart,
  references?: ReadonlyMap<string, string>,
): RequestContext {
  const url = resolveReference(part.url, references);
  const path = url
    .replace(/^https?:\/\/[^/]+/, '')
    .replace(/^\/?api\/data\/v9\.\d+\//, '')
    .replace(/^\//, '');
  const question = path.indexOf('?');
  context.cost.operations++;
  const inherited = Object.fromEntries(
    Object.entries(context.headers).filter(([name]) => name.startsWith('mscrm.') || name === 'consistency'),
  );
  return {
    ...context,
    method: part.method,
    url,
    path: decodeURIComponent(question < 0 ? path : path.slice(0, question)),
    options: parseQueryOptions(question < 0 ? '' : path.slice(question + 1)),
    headers: { ...inherited, ...part.headers },
    preferences: parsePreferences(part.headers.prefer),
    body: part.body,
    batch: { references },
  };
}

/** `$1/…` as a part's own URL. */
function resolveReference(url: string, references: ReadonlyMap<string, string> | undefined): string {
  const id = /^\/?(\$\w+)/.exec(url)?.[1];
  const target = id === undefined ? undefined : references?.get(id);
  return target === undefined ? url : url.replace(/^\/?\$\w+/, () => target);
}

function section(answer: DataverseResponse, contentId: string | undefined): string {
  const id = contentId === undefined ? '' : `Content-ID: ${contentId}\r\n`;
  const common = { 'OData-Version': '4.0', ...(answer.status >= 400 && { REQ_ID: randomUUID() }) };
  const own = { ...(answer.isForeign ? {} : common), ...answer.headers };
  const headers = Object.entries(own).map(([name, value]) => `${name}: ${streamed(name, value)}\r\n`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`;
  return `${PART_HEAD}${id}\r\n${status}\r\n${headers.join('')}\r\n${answer.body}`;
}

function setSection(answers: readonly DataverseResponse[], parts: readonly BatchPart[]): string {
  const boundary = `changesetresponse_${randomUUID()}`;
  const inner = answers.map((answer, i) => `--${boundary}\r\n${section(answer, parts[i]?.contentId)}\r\n`).join('');
  return `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${inner}--${boundary}--`;
}

/** Inside a batch, JSON that is no error says that it is streamed. */
const streamed = (name: string, value: string) =>
  name === 'Content-Type' && value.includes('odata.metadata') ? `${value}; odata.streaming=true` : value;
