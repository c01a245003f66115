import "./keys.css";

import type { Key } from "../../api/answers.ts";
import { useList } from "../../api/use-resource.ts";
import type { PageProps } from "../../shell/pages.ts";
import { PageHead } from "../../ui/page-head.tsx";
import { KeySection } from "./key-section.tsx";
import { TokenSection } from "./token-section.tsx";

export function Page(_props: PageProps) {
  const keys = useList<Key>("/v1/keys");
  return (
    <div class="page">
      <PageHead
        title="Keys and tokens"
        lead="API keys are for servers, this console and the command line. Browsers of others get tokens, which see less and end by themselves."
      />
      <KeySection keys={keys} />
      <TokenSection />
    </div>
  );
}
