// How states are said: an icon, a word and a tone each, so that colour never stands alone.

import { h, icon } from "./dom.js";

const STATUS = {
  running: ["running", "running", "info"],
  completed: ["good", "completed", "good"],
  failed: ["bad", "failed", "bad"],
  cancelled: ["skipped", "cancelled", "quiet"],
  timed_out: ["clock", "timed out", "warn"],
  planned: ["planned", "planned", "quiet"],
  succeeded: ["good", "succeeded", "good"],
  skipped: ["skipped", "skipped", "quiet"],
  called: ["running", "running", "info"],
  returned: ["good", "returned", "good"],
  waiting: ["waiting", "waiting", "warn"],
  pass: ["good", "pass", "good"],
  warn: ["warn", "warn", "warn"],
  fail: ["bad", "fail", "bad"],
  reconciled: ["good", "reconciled", "good"],
  diverged: ["bad", "diverged", "bad"],
  incomplete: ["warn", "incomplete", "warn"],
  unclaimed: ["unclaimed", "unclaimed", "quiet"],
  unfinished: ["warn", "unfinished", "warn"],
};

/** A badge for a status, verdict or check; unknown words are shown as they are. */
export function badge(state) {
  const [symbol, word, tone] = STATUS[state] ?? ["planned", state, "quiet"];
  return h("span", { class: `badge tone-${tone}` }, icon(symbol), word);
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A point in time, short when it is today; the exact one is in the tooltip. */
export function moment(text) {
  if (!text) return h("span", { class: "quiet" }, "–");
  const date = new Date(text);
  const today = date.toDateString() === new Date().toDateString();
  const shown = today ? clock.format(date) : calendar.format(date);
  return h("time", { datetime: text, title: text }, shown);
}

/** Time between two events as people say it. */
export function duration(from, to) {
  if (!from || !to) return "";
  const seconds = Math.max(0, (new Date(to) - new Date(from)) / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const number = new Intl.NumberFormat();
export const count = (value) => number.format(value);
