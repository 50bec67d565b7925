/** Faults that wait for their occasion, armed over the control plane. Addresses are compared without regard to case. */
export class FaultPlan {
  readonly #serverBusy = new Map<string, number>();
  #claimRefusals = { times: 0, entity: '' };
  #refuseConnectionsUntilMs = 0;

  /** The next `times` sends and management requests to this entity are answered with server-busy. */
  armServerBusy(entity: string, times: number): void {
    this.#serverBusy.set(entity.toLowerCase(), times);
  }

  /** The next `times` tokens are refused; where an entity is named, those for it. */
  armClaimRefusal(times: number, entity = ''): void {
    this.#claimRefusals = { times, entity: entity.toLowerCase() };
  }

  /** New connections are cut off at once for this long. */
  armConnectionRefusal(forMs: number): void {
    this.#refuseConnectionsUntilMs = Date.now() + forMs;
  }

  /** Uses up one server-busy answer of this entity, if any is armed. */
  takeServerBusy(entity: string): boolean {
    const key = entity.toLowerCase();
    const left = this.#serverBusy.get(key) ?? 0;
    if (left <= 1) this.#serverBusy.delete(key);
    else this.#serverBusy.set(key, left - 1);
    return left > 0;
  }

  /** Uses up one refusal of a token for this audience (`sb://host/entity`), if any is armed. */
  takeClaimRefusal(audience: string): boolean {
    const { times, entity } = this.#claimRefusals;
    if (times === 0 || !audience.toLowerCase().includes(entity)) return false;
    this.#claimRefusals = { times: times - 1, entity };
    return true;
  }

  get isRefusingConnections(): boolean {
    return Date.now() < this.#refuseConnectionsUntilMs;
  }
}
