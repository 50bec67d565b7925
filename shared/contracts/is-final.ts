/** Whether a status is an end: Queued and Refreshing may still change. Apart from the schemas, which the page does without. */
export const isFinal = (status: string): boolean => status !== 'Queued' && status !== 'Refreshing';
