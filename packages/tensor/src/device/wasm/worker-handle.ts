// A worker as the host sees it, in Node and in browsers alike.

/** One worker thread. */
export interface WorkerHandle {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  onMessage(receive: (message: unknown) => void): void;
  /** Called when the worker dies or throws. */
  onFailure(fail: (reason: string) => void): void;
  terminate(): void;
}
