// Plans: what to launch for one shape of graph, kept so that the same shape with other numbers is not planned again.
import type { DeviceLimits, DevicePort, Prepared } from "../device/device.ts";
import { schedule, type Schedule } from "../schedule/schedule.ts";
import type { Trace } from "../schedule/trace.ts";

/** A schedule and, once it has run, its kernels made ready on the device. */
export class Plan {
  #prepared: readonly Prepared[] | null = null;
  #epoch = -1;

  constructor(readonly schedule: Schedule) {}

  /** The kernels, compiled on first use and again after a device was lost. */
  prepare(port: DevicePort): readonly Prepared[] {
    if (this.#prepared === null || this.#epoch !== port.epoch) {
      this.#prepared = this.schedule.kernels.map((kernel) => port.prepare(kernel));
      this.#epoch = port.epoch;
    }
    return this.#prepared;
  }
}

/** Plans kept at most; the one unused for longest goes first. */
const MAX_PLANS = 256;

/** Plans of one device by graph key. */
export class PlanCache {
  readonly #plans = new Map<string, Plan>();

  /** Plans held now. */
  get size(): number {
    return this.#plans.size;
  }

  /** The plan for `trace`, made when there is none. */
  find(trace: Trace, limits: DeviceLimits): Plan {
    const plan = this.#plans.get(trace.key) ?? new Plan(schedule(trace, limits));
    this.#plans.delete(trace.key);
    this.#plans.set(trace.key, plan);
    if (this.#plans.size > MAX_PLANS) {
      const [oldest] = this.#plans.keys();
      if (oldest !== undefined) this.#plans.delete(oldest);
    }
    return plan;
  }
}
