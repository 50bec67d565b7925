import { z } from 'zod';

/** An error answer of the HTTP API (RFC 9457); `errors` names each field that is wrong. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  errors: z
    .array(
      z.object({
        field: z.string(),
        message: z.string(),
        /** Where in the request the field stands. */
        in: z.enum(['path', 'query', 'header', 'body']).optional(),
      }),
    )
    .optional(),
});
export type Problem = z.infer<typeof problemSchema>;
export type FieldError = NonNullable<Problem['errors']>[number];

export type FieldPlace = NonNullable<FieldError['in']>;

/** Field paths and messages of a failed parse; what has no path of its own is called `name`, the body as a whole `body`. */
export const fieldErrors = (error: z.ZodError, place: FieldPlace = 'body', name: string = place): FieldError[] =>
  error.issues.map((issue) => ({ field: issue.path.join('.') || name, message: issue.message, in: place }));
