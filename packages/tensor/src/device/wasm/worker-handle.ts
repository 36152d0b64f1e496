// A worker as the host sees it, in Node and in browsers alike.

/** One worker thread. */
export interface WorkerHandle {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  onMessage(receive: (message: unknown) => void): void;
  /** Called when the worker dies or throws; perhaps more than once. */
  onFailure(fail: (reason: string) => void): void;
  /** Whether the process stays alive for this worker (Node). */
  hold(held: boolean): void;
  terminate(): void;
}
