// Write-back: turns the sums of a block into what the kernel stores, along the columns, several stores at once.
import type { WasmTarget } from "./abi.ts";
import type { Assembler } from "./assembler.ts";
import type { ContractPlan } from "./contract-plan.ts";
import { ElementEmitter } from "./element-emitter.ts";
import { KernelFunction } from "./kernel-function.ts";
import { overVectors } from "./vector-loop.ts";

/** A function (params, firstColumn, lastColumn, sums, batch, firstRow, lastRow) that stores a block; last ones are excluded. */
export function emitWriteBack(plan: ContractPlan, target: WasmTarget): Assembler {
  const { graph, stores, left, right } = plan;
  const fn = new KernelFunction(plan.params, target, 3);
  const { asm, scratch: sums } = fn;
  const [batch, firstRow, lastRow] = [asm.param(4), asm.param(5), asm.param(6)];
  const axes = plan.batch.length + left.sizes.length + right.sizes.length;
  const coordinates = Array.from({ length: axes }, () => asm.local("i32"));
  const laneAxis = right.firstAxis + right.sizes.length - 1;
  const position = asm.local("i32");
  const walked = coordinates.map((coordinate, axis) => (axis === laneAxis ? null : coordinate));
  const emitter = new ElementEmitter(fn, graph, {
    laneAxis,
    runAxis: laneAxis,
    coordinates: walked,
    position,
    resultsOfElements: true,
  });
  const rowCoordinates = coordinates.slice(left.firstAxis, left.firstAxis + left.sizes.length);
  const [row, rowSums, sum] = [asm.local("i32"), asm.local("i32"), asm.local("v128")];
  fn.unravel(plan.batch, coordinates, batch);
  fn.overRuns(right.sizes, coordinates.slice(right.firstAxis, laneAxis), (run) => {
    asm.get(sums).get(run.start).i32(2).op("i32.shl", "i32.sub").set(rowSums);
    asm.get(sums).get(run.count).i32(2).op("i32.shl", "i32.add").set(sums);
    asm.get(firstRow).tee(row).set(position);
    fn.unravel(left.sizes, rowCoordinates, position);
    fn.whileBelow(row, lastRow, () => {
      emitter.scope(() => {
        emitter.hoist([], stores);
        overVectors(emitter, run, () => {
          asm.get(rowSums).get(position).op("i32.add").memory("v128.load").set(sum);
          emitter.bindResult(0, sum);
          for (const store of stores) emitter.store(store);
        });
      });
      fn.advance(left.sizes, rowCoordinates);
      asm.get(rowSums).i32(plan.layout.rowBytes).op("i32.add").set(rowSums);
      asm.get(row).i32(1).op("i32.add").set(row);
    });
  });
  return asm;
}
