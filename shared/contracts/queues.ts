/** Names of the Service Bus entities; the deployment and the embedded broker declare the same. */
export const unificationEventsQueue = 'unification-events';
export const linkTasksQueue = 'link-tasks';
export const linkingEventsTopic = 'linking-events';
/** Prefix of the app settings that say how to reach the namespace. */
export const serviceBusConnection = 'ServiceBusConnection';
