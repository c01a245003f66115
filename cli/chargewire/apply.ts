import type { Command } from "commander";
export function addApply(_program: Command): void {}
