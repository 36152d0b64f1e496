// Keyboard movement inside a group of elements of which one at a time can be reached with Tab.

/** The steps of the four arrow keys as [rows, columns]. */
const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/**
 * Calls `move` with the step of an arrow key pressed inside `element` and focuses the item it returns;
 * null means there is nothing in that direction.
 */
export function onArrowKeys(
  element: HTMLElement,
  move: (rows: number, columns: number) => HTMLElement | null,
): void {
  element.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(step[0], step[1])?.focus();
  });
}
