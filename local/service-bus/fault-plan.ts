/** Faults that wait for their occasion, armed over the control plane. Addresses are compared without regard to case. */
export class FaultPlan {
  readonly #serverBusy = new Map<string, number>();
  #claimRefusals = 0;
  #refuseConnectionsUntilMs = 0;

  /** The next `times` sends and management requests to this entity are answered with server-busy. */
  armServerBusy(entity: string, times: number): void {
    this.#serverBusy.set(entity.toLowerCase(), times);
  }

  /** The next `times` tokens are refused. */
  armClaimRefusal(times: number): void {
    this.#claimRefusals = times;
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

  /** Uses up one refusal of a token, if any is armed. */
  takeClaimRefusal(): boolean {
    if (this.#claimRefusals === 0) return false;
    this.#claimRefusals--;
    return true;
  }

  get isRefusingConnections(): boolean {
    return Date.now() < this.#refuseConnectionsUntilMs;
  }
}
