import type { Metric } from '../../shared/telemetry/telemetry.ts';

/**
 * The attributes that each metric is recorded with; the type makes this list name every metric, and no other. Queries
 * may use a metric's own attributes only.
 */
export const attributesOf: Readonly<Record<Metric, readonly string[]>> = {
  'backstamp.rows': ['table', 'outcome'],
  'backstamp.dataverse.requests': ['kind', 'status', 'identity'],
  'backstamp.dataverse.request.duration': ['kind'],
  'backstamp.dataverse.throttled': ['cause'],
  'backstamp.dataverse.waited': ['cause'],
  'backstamp.dataverse.in_flight': ['identity'],
  'backstamp.dataverse.concurrency': ['identity'],
  'backstamp.dataverse.batch_size': ['table'],
  'backstamp.dataverse.budget_used': ['identity'],
  'backstamp.watermark.age': ['table'],
  'backstamp.pending_rows': ['table', 'reason'],
  'backstamp.pending_rows.growth': ['table'],
  'backstamp.table.unlinked': ['table'],
  'backstamp.hold.age': ['table'],
  'backstamp.linked_rows': ['table'],
  'backstamp.linked_rows.loss': ['table'],
  'backstamp.coverage': ['table'],
  'backstamp.unlinked_rows': ['table', 'reason'],
  'backstamp.unlisted_tables': [],
  'backstamp.heartbeat': ['version'],
  'backstamp.run.without_progress': [],
  'backstamp.run.open_tasks': [],
  'backstamp.event.age': [],
  'backstamp.lag': ['table'],
  'backstamp.task.duration': ['table', 'status', 'mode'],
  'backstamp.run.duration': ['status', 'mode'],
  'backstamp.events': ['door'],
  'backstamp.dead_letters': ['queue'],
  'backstamp.unreadable_documents': ['form'],
};
