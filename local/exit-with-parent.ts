/**
 * Loaded first into every process of the embedded stack (`node --import`): when the process that started it is gone,
 * even killed, its end of the channel closes, and this one ends too instead of holding its port for ever.
 */
const graceMs = 2_000;

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), graceMs);
});
// The channel alone must not keep the process running.
process.channel?.unref();
