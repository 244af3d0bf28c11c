// What the page says about trust: is the connection alive, is the answer what was streamed?

import { h } from "./dom.js";
import { notice } from "./panels.js";
import { count } from "./words.js";

const PILL = {
  connecting: ["info", "connecting", "Opening the connection"],
  replaying: ["info", "replaying", "Catching up with what is stored"],
  live: ["good", "live", "Every stored event is here; new ones come as they are stored"],
  stale: ["warn", "stale", "Nothing heard for 30 s; connecting again"],
  reconnecting: ["warn", "reconnecting", "The connection broke; going on where it did"],
  gap: ["warn", "live with gap", "The run's first events are no longer stored"],
  closed: ["quiet", "closed", "The run is over and every stored event is here"],
  refused: ["bad", "refused", "The gateway refuses this run"],
};

export function connectionPill({ state, message }) {
  const [tone, word, explanation] = PILL[state];
  return h(
    "span",
    { class: `pill tone-${tone}`, "data-state": state, title: message ?? explanation },
    h("span", { class: "dot" }),
    word,
  );
}

/** The sentence or two under the run's title. */
export function verdictBanner(run, connection, sealed, closed) {
  const told = [];
  if (connection.state === "refused") {
    told.push(say("bad", "bad", "This run can't be shown.", connection.message ?? ""));
  }
  if (connection.gap) {
    told.push(say("warn", "warn", "The beginning is gone.", "The broker no longer keeps it."));
  }
  if (run.error) {
    told.push(say("bad", "bad", `Failed: ${run.error.type}.`, run.error.message));
  }
  const record = sealed?.reconciliation ?? null;
  const verdict = record?.verdict ?? closed?.verdict;
  if (verdict) told.push(VERDICT[verdict](record, run));
  return told;
}

const say = (tone, symbol, word, sentence) =>
  notice(tone, symbol, h("strong", {}, word), ` ${sentence}`);

// Between the run's end and the answer to "what is the verdict?" the record is not here yet.
const VERDICT = {
  reconciled(record) {
    const length = record ? ` (${count(record.text.streamed_length)})` : "";
    const same = `The final answer is what was streamed, code point for code point${length}.`;
    return say("good", "good", "Reconciled.", same);
  },
  diverged(record) {
    const other = "The final answer is not what was streamed.";
    return say("bad", "bad", "Diverged.", record ? difference(record) : other);
  },
  unclaimed() {
    const silent = "The run ended without a final answer to compare the stream with.";
    return say("quiet", "unclaimed", "Unclaimed.", silent);
  },
  incomplete(record, run) {
    if (run.status === "timed_out") {
      return say("warn", "warn", "Incomplete.", "The run fell silent and was given up.");
    }
    const events = record ? `${count(record.sequence.missing_count)} events` : "Events";
    return say("warn", "warn", "Incomplete.", `${events} of this run were never stored.`);
  },
};

function difference({ text, sources }) {
  const told = [];
  if (text.first_difference !== null) {
    const place = count(text.first_difference);
    const event = text.first_difference_seq;
    const where = event === null ? "past the streamed end" : `streamed by event ${event}`;
    const lengths = `${count(text.streamed_length)} streamed, ${count(text.final_length)} final`;
    told.push(`The final answer first differs at code point ${place} (${where}): ${lengths}.`);
  } else if (text.final_sha256 !== text.streamed_sha256) {
    told.push("The final answer's length or digest is not that of the stream.");
  }
  if (sources.streamed_only.length) {
    told.push(`Sources streamed but not claimed: ${sources.streamed_only.join(", ")}.`);
  }
  if (sources.final_only.length) {
    told.push(`Sources claimed but never streamed: ${sources.final_only.join(", ")}.`);
  }
  return told.join(" ");
}

/** The claimed text, where it is another than the streamed one, with what differs marked. */
export function sealedText(sealed, streamed) {
  const start = sealed?.reconciliation.text.first_difference ?? null;
  const text = sealed?.packet.text ?? null;
  if (start === null || text === null) return null;
  const final = Array.from(text);
  const drawn = Array.from(streamed);
  let tail = 0;
  const longest = Math.min(final.length, drawn.length) - start;
  while (tail < longest && final.at(-1 - tail) === drawn.at(-1 - tail)) tail += 1;
  const end = final.length - tail;
  return [
    h("h3", {}, "The final answer says"),
    h(
      "div",
      { class: "answer sealed" },
      final.slice(0, start).join(""),
      h("mark", {}, final.slice(start, end).join("")),
      final.slice(end).join(""),
    ),
  ];
}

/** Streamed text that the answer does not stand for. */
export function asideText(text) {
  if (text === "") return null;
  return [
    h("h3", {}, "Also streamed, not part of the answer"),
    h("div", { class: "answer aside" }, text),
  ];
}
