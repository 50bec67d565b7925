import type { z } from 'zod';
import type { StoredEntity } from './entity-table.ts';

/** A stored document that this version of the program cannot read. */
export interface UnreadableDocument {
  readonly partitionKey: string;
  readonly rowKey: string;
  /** What it was taken for, such as `backstamp.run/1`. */
  readonly form: string;
  readonly reason: string;
}

/** Tells of a document that was passed over; it stays where it is until somebody writes over it or retention removes it. */
export type TellUnreadable = (document: UnreadableDocument) => void;

/** For tools and tests that look at what was read alone. */
export const tellNobody: TellUnreadable = () => undefined;

/** Documents from before they were marked are of this number. */
const firstNumber = 1;

/** The form that a document says it is in; undefined where it says none, null where that is no word. */
function formIn(document: unknown): string | undefined | null {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return null;
  const { schema } = document as { readonly schema?: unknown };
  return schema === undefined || typeof schema === 'string' ? schema : null;
}

/**
 * A form of stored documents. Each document carries the form's name and number, so that another version of the program
 * knows what it meets. The number rises only where the version before would misread the new form: a form that merely
 * gains optional fields keeps it, since every reader passes over what it does not know.
 */
export class DocumentForm<T extends object> {
  readonly #name: string;
  readonly #number: number;
  readonly #schema: z.ZodType<T>;

  constructor(name: string, number: number, schema: z.ZodType<T>) {
    this.#name = name;
    this.#number = number;
    this.#schema = schema;
  }

  /** Name and number, as documents carry them. */
  toString(): string {
    return `backstamp.${this.#name}/${this.#number}`;
  }

  /** The document to store. */
  mark<D extends object>(document: D): D & { readonly schema: string } {
    return { ...document, schema: this.toString() };
  }

  /** What a document says, or why it cannot be read. Never throws: a document may hold anything. */
  parse(document: unknown): { readonly value: T } | { readonly reason: string } {
    const form = formIn(document);
    if (form === null) return { reason: 'it is no document of this program' };
    const schema = form ?? `backstamp.${this.#name}/${firstNumber}`;
    if (schema !== this.toString()) return { reason: `it is in the form ${schema.slice(0, 100)}` };
    const parsed = this.#schema.safeParse(document);
    if (parsed.success) return { value: parsed.data };
    // The place alone: what stands there may be a row's.
    const [issue] = parsed.error.issues;
    return { reason: `it is malformed at "${issue?.path.join('.') ?? ''}"` };
  }

  /** What an entity says; one that cannot be read is told of and passed over. */
  read(entity: Omit<StoredEntity, 'etag'>, tell: TellUnreadable): T | undefined {
    const parsed = this.parse(entity.document);
    if ('value' in parsed) return parsed.value;
    tell({ partitionKey: entity.partitionKey, rowKey: entity.rowKey, form: this.toString(), reason: parsed.reason });
    return undefined;
  }
}
