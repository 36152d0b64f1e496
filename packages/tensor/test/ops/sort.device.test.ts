// Sorts of short and long rows are those of a stable sort in JavaScript, on every device.
import { tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../each-device.ts";
import { expectSorted } from "./sorted-rows.ts";

onEachDevice(() => {
  test.each([
    [4, 1],
    [7, 2],
    [5, 33],
    [3, 256],
    [2, 1000],
    [1, 4097],
    [1, 20_000],
  ])("%i rows of %i", (count, length) => expectSorted(count, length));

  test("views: a transposed tensor and part of one", async () => {
    using x = tensor([
      [3, 1, 2],
      [1, 2, 0],
    ]);
    using turned = x.transpose();
    using columns = turned.sort();
    using end = x.get([null, [1, 3]]);
    using part = end.argsort();
    expect([await columns.array(), await part.array()]).toEqual([
      [
        [1, 3],
        [1, 2],
        [0, 2],
      ],
      [
        [0, 1],
        [1, 0],
      ],
    ]);
  });

  test("nothing", async () => {
    using x = tensor([[], []]);
    using sorted = x.sort();
    using places = x.argsort(0);
    expect([await sorted.array(), sorted.dtype, await places.array(), places.dtype]).toEqual([
      [[], []],
      "f32",
      [[], []],
      "i32",
    ]);
  });
});
