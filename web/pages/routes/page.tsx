import "./routes.css";

import type { PageProps } from "../../shell/pages.ts";
import { CreateRoute } from "./form/create-route.tsx";
import { EditRoute } from "./form/edit-route.tsx";
import { RouteList } from "./route-list.tsx";
import { RoutePage } from "./route-page.tsx";

/** `routes`, `routes/new`, `routes/<id>` and `routes/<id>/edit`. */
export function Page({ path: [id, part] }: PageProps) {
  if (id === undefined) return <RouteList />;
  if (id === "new") return <CreateRoute />;
  if (part === "edit") return <EditRoute key={id} id={id} />;
  return <RoutePage key={id} id={id} />;
}
