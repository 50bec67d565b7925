import rhea from 'rhea';
import { faults } from './amqp-fault.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { BrokerReply, BrokerRequest } from './request-link.ts';

/**
 * Answers `$cbs` put-token requests. Every token is good: whoever can reach a broker on loopback may use it. Only an
 * armed fault refuses.
 */
export function answerClaim({ properties }: BrokerRequest, faultPlan: FaultPlan): BrokerReply {
  const { wrap_int, wrap_symbol } = rhea.types;
  if (!faultPlan.takeClaimRefusal(String(properties.name))) {
    return { properties: { 'status-code': wrap_int(202), 'status-description': 'Accepted' } };
  }
  const fault = faults.unauthorized();
  return {
    properties: {
      'status-code': wrap_int(fault.statusCode),
      'status-description': fault.message,
      'error-condition': wrap_symbol(fault.condition),
    },
  };
}
