import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { customerIdSchema } from '../contracts/customer-records.ts';
import { type CustomerParts, recordsOfCustomer } from '../explanation/records-of-customer.ts';
import { notFound, ok } from './http-response.ts';
import { parseInput } from './route-handler.ts';

/** Every source row that the map counts to one customer. */
export async function showCustomerRecords(parts: CustomerParts, request: HttpRequest): Promise<HttpResponseInit> {
  const refusal = "The customer's rows cannot be shown.";
  const customerId = parseInput(customerIdSchema, request.params.customerId, refusal, 'path', 'customerId');
  const answer = await recordsOfCustomer(parts, customerId);
  return answer === undefined ? notFound(`customer ${customerId} in the map`) : ok(answer);
}
