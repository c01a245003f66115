import type { PageProps } from "../../shell/pages.ts";
import { PageHead } from "../../ui/page-head.tsx";

export function Page(_props: PageProps) {
  return <PageHead title="Audit log" />;
}
