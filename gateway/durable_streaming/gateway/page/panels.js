// The lists beside the answer: steps, sources, checks, tools.

import { h, icon, safeUrl } from "./dom.js";
import { badge, duration } from "./words.js";

const LONGEST_JSON = 4_000;

const nothing = (text) => h("li", { class: "nothing" }, text);
const none = (what, ended) => (ended ? `No ${what}.` : `No ${what} yet.`);

/** Planned and executed steps in one list; what was only planned, or unplanned, is said. */
export function stepList(steps, ended) {
  if (steps.length === 0) return nothing(none("steps", ended));
  const someUnplanned = steps.some((step) => step.planned);
  return steps.map((step) => {
    const state = ended && step.status === "running" ? "unfinished" : step.status;
    return h(
      "li",
      { class: `step step-${step.status}` },
      h(
        "div",
        { class: "line" },
        h("span", { class: "name" }, step.title ?? step.planTitle ?? step.id),
        badge(state),
      ),
      h(
        "div",
        { class: "small" },
        step.startedAt && step.endedAt
          ? h("span", {}, duration(step.startedAt, step.endedAt))
          : null,
        step.attempt > 1 ? h("span", {}, `attempt ${step.attempt}`) : null,
        someUnplanned && !step.planned ? h("span", { class: "tag" }, "unplanned") : null,
        ended && step.planned && step.status === "planned"
          ? h("span", { class: "tag" }, "not run")
          : null,
        step.summary ? h("span", {}, step.summary) : null,
        step.error ? h("span", { class: "tone-bad" }, step.error) : null,
      ),
    );
  });
}

export function sourceList(sources, ended) {
  if (sources.length === 0) return nothing(none("sources", ended));
  return sources.map((source, place) => {
    const url = safeUrl(source.url);
    const name = source.title ?? source.url ?? source.id;
    const link = url
      ? h("a", { href: url, rel: "noopener noreferrer nofollow", target: "_blank" }, name)
      : h("span", {}, name);
    return h(
      "li",
      { id: `source-${place + 1}` },
      h("span", { class: "number", "aria-hidden": "true" }, place + 1),
      h(
        "div",
        {},
        h("div", { class: "name" }, link),
        source.snippet ? h("p", { class: "small" }, source.snippet) : null,
        h(
          "p",
          { class: "small quiet" },
          [
            source.kind,
            source.id,
            source.cited.length ? `cited ${source.cited.length} ×` : "not cited",
          ]
            .filter(Boolean)
            .join(" · "),
        ),
      ),
    );
  });
}

export function checkList(checks, ended) {
  if (checks.length === 0) return nothing(none("checks", ended));
  return checks.map((check) =>
    h(
      "li",
      {},
      h("div", { class: "line" }, h("span", { class: "name" }, check.check), badge(check.verdict)),
      h(
        "p",
        { class: "small" },
        [check.score === null ? null : `score ${Number(check.score.toFixed(3))}`, check.detail]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
  );
}

export function toolList(tools, ended) {
  if (tools.length === 0) return nothing(none("tool calls", ended));
  return tools.map((tool) =>
    h(
      "li",
      {},
      h(
        "details",
        {},
        h(
          "summary",
          { class: "line" },
          h("span", { class: "name" }, tool.name ?? tool.id),
          h("span", { class: "small" }, duration(tool.calledAt, tool.returnedAt)),
          badge(tool.status),
        ),
        shownJson("arguments", tool.arguments),
        shownJson("output", tool.output),
        tool.error === null ? null : h("p", { class: "small tone-bad" }, tool.error),
      ),
    ),
  );
}

function shownJson(name, value) {
  if (value === undefined) return null;
  const text = JSON.stringify(value, null, 2);
  const cut =
    text.length > LONGEST_JSON
      ? `${text.slice(0, LONGEST_JSON)}\n… ${text.length - LONGEST_JSON} more characters`
      : text;
  return h("div", {}, h("p", { class: "small quiet" }, name), h("pre", {}, cut));
}

/** The notice that stands where something is missing, with a sign before it. */
export function notice(tone, symbol, ...content) {
  return h("div", { class: `banner tone-${tone}` }, icon(symbol), h("div", {}, content));
}
