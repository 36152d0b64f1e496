// Starts the page.
import { startEngine } from "./engine.ts";
import { openPage } from "./open-page.tsx";

openPage(startEngine);
