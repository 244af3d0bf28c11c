// The line under a run's title.

import { h } from "./dom.js";
import { count, duration, moment } from "./words.js";

/** What the line says, as plain values that can be compared. */
export function factsOf(run) {
  return {
    agent: run.agent,
    model: run.model,
    started: run.startedAt,
    time: duration(run.startedAt, run.updatedAt),
    events: count(run.events),
    reasoning: run.reasoningLength ? `${count(run.reasoningLength)} characters` : null,
  };
}

/** The line itself. */
export function factList(runId, facts) {
  const shown = [
    ["Run", h("code", {}, runId)],
    ["Agent", facts.agent],
    ["Model", facts.model],
    ["Started", moment(facts.started)],
    ["Time", facts.time || "–"],
    ["Events", facts.events],
    ["Reasoning", facts.reasoning],
  ];
  return shown
    .filter(([, value]) => value !== null)
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}
