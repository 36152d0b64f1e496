// Starts the page.
import { openPage } from "./open-page.tsx";

openPage(() => Promise.reject(new Error("This build of the page has no engine yet.")));
