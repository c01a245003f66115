import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest when it is alone, longest first; by Vitest's own order the last may be one of them. */
const LONG_FILES = [
  ...["e2e/cli", "e2e/crash", "e2e/cli-forward", "e2e/client", "e2e/start", "e2e/reconcile"],
  ...["e2e/rotation", "e2e/fuzz", "e2e/destination-faults"],
  ...["worker/slow-subscribers", "worker/sse", "worker/replay", "worker/gate", "worker/answers"],
  ...["worker/token-life", "worker/breaker", "worker/source-life", "worker/roles"],
  ...["worker/retention", "worker/hostile", "worker/token-claims", "worker/hibernation"],
];

/** Starts long files before short ones, so that no worker is left with one at the end. */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const place = LONG_FILES.findIndex((file) => moduleId.endsWith(`/test/${file}.test.ts`));
  return place === -1 ? LONG_FILES.length : place;
}
