// Which page this address is.

import { showList } from "./list.js";
import { showRun } from "./run.js";

const main = document.getElementById("main");
const run = location.pathname.match(/^\/runs\/([^/]+)$/);

if (run) {
  showRun(main, decodeURIComponent(run[1]));
} else {
  showList(main);
}
