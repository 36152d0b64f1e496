// The line that says which device computes and why, and the switch between CPU and GPU.
import type { DeviceKind } from "../engine.ts";
import type { PageState } from "../page-state.ts";

const kinds: readonly (readonly [DeviceKind, string])[] = [
  ["wasm", "CPU"],
  ["webgpu", "GPU"],
];

/** "Runs on CPU, WebAssembly SIMD, 2 threads, because ...", with a switch and its error beside it. */
export function DeviceSwitch({ page }: { page: PageState }) {
  const device = page.engine.value?.device;
  const switchingTo = page.switchingTo.value;
  const error = page.deviceError.value;
  return (
    <div class="device">
      <fieldset class="segments" aria-label="Device" disabled={device === undefined}>
        {kinds.map(([kind, name]) => (
          <label key={kind}>
            <input
              type="radio"
              name="device"
              value={kind}
              checked={(switchingTo ?? device?.kind) === kind}
              onChange={() => void page.switchDevice(kind)}
            />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <p class="device-line small" role="status">
        {switchingTo !== null
          ? "Switching\u2026"
          : device === undefined
            ? "Loading the model\u2026"
            : device.description}
        {error !== null && (
          <span class="error" role="alert">
            {" "}
            {error}
          </span>
        )}
      </p>
    </div>
  );
}
