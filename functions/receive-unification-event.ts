import { app } from '@azure/functions';
import { answerHandshake, receiveEvent } from '../shared/api/event-door.ts';
import { services } from '../shared/services.ts';

const parts = services();

app.http('receive-unification-event', {
  methods: ['POST', 'OPTIONS'],
  authLevel: 'function',
  route: 'unification-events',
  handler: (request) => (request.method === 'OPTIONS' ? answerHandshake(request) : receiveEvent(parts, request)),
});
