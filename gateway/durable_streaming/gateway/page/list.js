// The list of runs, newest first, asked for again while somebody looks at it.

import { listRuns } from "./api.js";
import { fill, h } from "./dom.js";
import { badge, count, duration, moment } from "./words.js";

const REFRESH_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

const STATUSES = ["running", "completed", "failed", "cancelled", "timed_out"];
const VERDICTS = ["reconciled", "diverged", "incomplete", "unclaimed"];

export function showList(main) {
  document.title = "Runs · Durable Streaming";
  const filter = Object.fromEntries(new URLSearchParams(location.search));
  const rows = new Map(); // run_id -> row; kept, so that a refresh takes nobody's focus away
  const body = h("tbody");
  const notice = h("p", { class: "notice", role: "status" }, "Loading runs…");
  const more = h("button", { type: "button", class: "more", hidden: true }, "Older runs");

  const choose = (name, values) => {
    const select = h(
      "select",
      { id: name },
      h("option", { value: "" }, "any"),
      values.map((value) =>
        h("option", { value, selected: value === filter[name] }, value.replace("_", " ")),
      ),
    );
    select.addEventListener("change", () => {
      const query = new URLSearchParams(location.search);
      if (select.value) query.set(name, select.value);
      else query.delete(name);
      location.search = query;
    });
    return h("label", {}, `${name} `, select);
  };

  fill(
    main,
    h(
      "div",
      { class: "heading" },
      h("h1", {}, "Runs"),
      h("div", { class: "filters" }, choose("status", STATUSES), choose("verdict", VERDICTS)),
    ),
    h(
      "table",
      { class: "runs" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Status", "Run", "Started", "Time", "Events", "Verdict"].map((name) =>
            h("th", { scope: "col" }, name),
          ),
        ),
      ),
      body,
    ),
    notice,
    more,
  );

  const render = (runs) => {
    const kept = new Set(runs.map((run) => run.run_id));
    for (const [id, row] of rows) {
      if (kept.has(id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    runs.forEach((run, place) => {
      const row = rows.get(run.run_id) ?? new Row();
      rows.set(run.run_id, row);
      row.show(run);
      const standing = body.children[place];
      if (standing !== row.element) body.insertBefore(row.element, standing ?? null);
    });
    const empty = Object.keys(filter).length
      ? "No run matches this filter."
      : "No runs yet. They appear here as agents start them.";
    notice.textContent = runs.length ? "" : empty;
  };

  const older = { runs: [], cursor: null };
  let newest = [];
  const renderAll = () => {
    const ids = new Set(newest.map((run) => run.run_id));
    render([...newest, ...older.runs.filter((run) => !ids.has(run.run_id))]);
    more.hidden = !older.cursor;
  };

  /** Asks for a page; says so where that fails, and returns null. */
  const ask = async (cursor) => {
    try {
      return await listRuns(filter, cursor);
    } catch (error) {
      notice.textContent = `The list could not be read: ${error.message}`;
      return null;
    }
  };

  let pause = REFRESH_MS;
  const refresh = async () => {
    if (document.visibilityState === "visible") {
      const page = await ask(null);
      pause = page ? REFRESH_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
      if (page) {
        newest = page.runs;
        if (older.runs.length === 0) older.cursor = page.next_cursor;
        renderAll();
      }
    }
    setTimeout(refresh, pause);
  };
  more.addEventListener("click", async () => {
    more.disabled = true;
    const page = await ask(older.cursor);
    if (page) {
      older.runs.push(...page.runs);
      older.cursor = page.next_cursor;
      renderAll();
    }
    more.disabled = false;
  });
  refresh();
}

class Row {
  constructor() {
    this.link = h("a", { class: "stretched" });
    this.agent = h("span", { class: "quiet" });
    this.cell = Object.fromEntries(
      ["status", "started", "time", "events", "verdict"].map((name) => [
        name,
        h("td", { class: name }),
      ]),
    );
    const { status, started, time, events, verdict } = this.cell;
    this.element = h(
      "tr",
      {},
      status,
      h("td", { class: "name" }, this.link, this.agent),
      started,
      time,
      events,
      verdict,
    );
    this.seen = null;
  }

  show(run) {
    const seen = JSON.stringify(run);
    if (this.seen === seen) return;
    this.seen = seen;
    this.link.setAttribute("href", `/runs/${encodeURIComponent(run.run_id)}`);
    this.link.textContent = run.title || run.run_id;
    this.agent.textContent = run.agent ?? "";
    fill(this.cell.status, badge(run.status));
    fill(this.cell.started, moment(run.started_at));
    fill(this.cell.time, duration(run.started_at, run.ended_at ?? run.updated_at));
    fill(this.cell.events, count(run.events ?? 0), h("span", { class: "unit" }, " events"));
    fill(this.cell.verdict, run.verdict ? badge(run.verdict) : null);
  }
}
