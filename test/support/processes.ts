import { execFileSync } from "node:child_process";

export interface ProcessLine {
  readonly pid: number;
  readonly group: number;
  readonly command: string;
}

/** Every process of this machine, as `ps` tells. */
export function listProcesses(): ProcessLine[] {
  const text = execFileSync("ps", ["-eo", "pid=,pgid=,args="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const [, pid, group, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (command === undefined) return [];
    return [{ pid: Number(pid), group: Number(group), command }];
  });
}

export function processesOfGroup(group: number): ProcessLine[] {
  return listProcesses().filter((process) => process.group === group);
}
