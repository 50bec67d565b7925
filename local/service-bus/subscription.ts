import type { QueueSettings } from './config.ts';
import { readIds } from './message-codec.ts';
import { MessageQueue } from './message-queue.ts';
import { type Rule, RuleSet } from './rules.ts';
import type { IncomingMessage } from './stored-message.ts';
import type { Timeline } from './timeline.ts';

/** A subscription: a queue that takes in copies of what its topic gets, as its rules say. */
export class Subscription extends MessageQueue {
  readonly rules: RuleSet;

  constructor(name: string, settings: QueueSettings, timeline: Timeline, rules: readonly Rule[]) {
    super(name, settings, timeline);
    this.rules = new RuleSet(rules);
  }

  /** Takes in a message of the topic, in as many copies as the rules let in. */
  publish(message: IncomingMessage, topicSequenceNumber: number): void {
    for (const content of this.rules.copiesOf(message.content)) {
      const copy =
        content === message.content ? message : { ...message, content, sessionId: readIds(content).sessionId };
      this.enqueue(copy, topicSequenceNumber);
    }
  }
}
