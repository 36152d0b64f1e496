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
      <div class="device-line small">
        <p role="status">{deviceText(page)}</p>
        {error !== null && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
      </div>
    </div>
  );
}

function deviceText(page: PageState): string {
  if (page.switchingTo.value !== null) return "Switching\u2026";
  const device = page.engine.value?.device;
  if (device !== undefined) return device.description;
  return page.openError.value === null ? "Loading the model\u2026" : "";
}
