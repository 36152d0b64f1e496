// Puts the page into the document and opens it with a given way to start the engine.
import { render } from "preact";
import { App } from "./app.tsx";
import type { StartEngine } from "./engine.ts";
import { loadWardrobe } from "./garments.ts";
import { modelFolder } from "./model-folder.ts";
import { PageState } from "./page-state.ts";
import "./page.css";
import "./panels.css";
import "./controls.css";
import "./narrow.css";

/** Renders the page and loads what it shows. */
export function openPage(startEngine: StartEngine): void {
  const page = new PageState({
    startEngine,
    loadWardrobe: () => loadWardrobe(new URL("garments/", modelFolder())),
    address: {
      search: () => location.search,
      replace: (search) => history.replaceState(null, "", search),
    },
  });
  const root = document.getElementById("page");
  if (root === null) throw new Error("the document has no element with id page");
  render(<App page={page} />, root);
  void page.open();
}
