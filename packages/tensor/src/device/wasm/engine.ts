// The other side of the WebAssembly device: whoever owns the memory and carries out commands in order.
import { PrismaError } from "../../errors.ts";
import type { Command, Fault, ReadCommand } from "./commands.ts";

/** A command that is not answered. */
export type SilentCommand = Exclude<Command, ReadCommand>;

/** Carries out commands in the order they come. Errors of commands that are not answered come with the reads that depend on them. */
export interface Engine {
  send(command: SilentCommand): void;
  /** @throws PrismaError as the command's answer says; WORKER_FAILED, DISPOSED */
  read(command: Omit<ReadCommand, "type" | "id">): Promise<ArrayBuffer>;
  cancel(number: number): void;
  dispose(): Promise<void>;
}

/** A fault as an error. */
export function errorOf({ code, message, details }: Fault): PrismaError {
  return new PrismaError(code, message, details);
}
