// What a run looks like after its events so far: a fold of them, without DOM, clock or network.
// Live view, reload and replay all go through it, so they can't show different things.
// The rules are those of docs/protocol.md; what they decide beyond the view (verdict, counts of
// duplicates and conflicts) the page takes from the processors instead of working it out again.

import { applyData, noteMilestone } from "./fold_types.js";

const TERMINAL = new Set(["run.completed", "run.failed", "run.cancelled"]);
const MOST_PENDING = 1000;

/** A run of which nothing is known yet. */
export function newRun() {
  return {
    status: "running",
    agent: null,
    title: null,
    model: null,
    startedAt: null,
    updatedAt: null,
    parts: new Map(), // part number -> text streamed for it
    reasoningLength: 0,
    plan: null,
    steps: new Map(), // step_id -> step
    sources: new Map(),
    checks: new Map(),
    tools: new Map(),
    waiting: null,
    controls: new Set(), // types of the control events that counted
    error: null,
    usage: null,
    answer: null,
    events: 0, // folded
    ignored: 0, // duplicates, fenced and late records
    missing: 0, // seqs given up
    milestones: [],
    lastOffset: -1,
    epoch: -1,
    owner: null, // the producer that owns the epoch
    highestSeq: -1,
    nextSeq: 0,
    pending: new Map(), // seq -> event that waits for its turn
  };
}

/** Takes one delivered record into account. Records at or below the last offset change nothing. */
export function foldRecord(run, offset, event) {
  if (offset <= run.lastOffset) return;
  run.lastOffset = offset;
  if (run.status !== "running") {
    run.ignored += 1;
  } else if (Number.isInteger(event.seq)) {
    foldProducerEvent(run, event);
  } else {
    foldControlEvent(run, event);
  }
}

/**
 * The streamed text of the parts that the answer stands for, which are all parts until the run's
 * end says otherwise: in the order that the end names, else in their own, never that of arrival.
 */
export function answerOf(run) {
  return join(run, run.answer?.parts ?? partsOf(run));
}

/** What was streamed beside the answer: text before a tool call, a generation that was retried. */
export function asideOf(run) {
  const claimed = run.answer?.parts;
  return claimed
    ? join(
        run,
        partsOf(run).filter((part) => !claimed.includes(part)),
      )
    : "";
}

const partsOf = (run) => [...run.parts.keys()].sort((a, b) => a - b);
const join = (run, parts) => parts.map((part) => run.parts.get(part) ?? "").join("");

export const cancelRequested = (run) => run.controls.has("run.cancel_requested");

/** Steps as they are shown: the plan's in its order, then the others by their first event. */
export function stepsOf(run) {
  const planned = run.plan ? run.plan.steps.map((step) => run.steps.get(step.step_id)) : [];
  const byFirstEvent = [...run.steps.values()].sort((a, b) => a.firstEvent - b.firstEvent);
  return [...new Set([...planned, ...byFirstEvent])];
}

function foldProducerEvent(run, event) {
  const epoch = event.producer_epoch;
  if (epoch < run.epoch || (epoch === run.epoch && event.producer_id !== run.owner)) {
    run.ignored += 1;
    return;
  }
  takeEpoch(run, epoch, event.producer_id);
  run.highestSeq = Math.max(run.highestSeq, event.seq);
  if (event.seq < run.nextSeq || run.pending.has(event.seq)) {
    run.ignored += 1;
    return;
  }
  run.pending.set(event.seq, event);
  foldDue(run);
  while (run.pending.size > MOST_PENDING) skipLowestGap(run);
}

function foldControlEvent(run, event) {
  const data = event.data ?? {};
  switch (event.type) {
    case "run.resumed":
      if (event.producer_epoch <= run.epoch) {
        run.ignored += 1;
        return;
      }
      takeEpoch(run, event.producer_epoch, event.producer_id);
      apply(run, event);
      while (run.pending.size > 0) skipLowestGap(run);
      // What the dead producer left out can't come any more.
      giveUpBelow(run, run.highestSeq + 1);
      return;
    case "run.timed_out":
      if (data.last_seq !== run.highestSeq || data.last_epoch !== run.epoch) return;
      while (run.pending.size > 0) skipLowestGap(run);
      if (run.status === "running") run.status = "timed_out";
      apply(run, event);
      return;
    default:
      // Of every other control type the first counts.
      if (run.controls.has(event.type)) {
        run.ignored += 1;
        return;
      }
      run.controls.add(event.type);
      apply(run, event);
  }
}

function takeEpoch(run, epoch, producerId) {
  if (epoch > run.epoch) {
    run.epoch = epoch;
    run.owner = producerId;
  }
}

function foldDue(run) {
  while (run.status === "running" && run.pending.has(run.nextSeq)) {
    const event = run.pending.get(run.nextSeq);
    run.pending.delete(run.nextSeq);
    run.nextSeq += 1;
    if (TERMINAL.has(event.type)) run.status = event.type.slice("run.".length);
    apply(run, event);
  }
  if (run.status !== "running") {
    run.ignored += run.pending.size;
    run.pending.clear();
  }
}

function skipLowestGap(run) {
  giveUpBelow(run, Math.min(...run.pending.keys()));
  foldDue(run);
}

function giveUpBelow(run, seq) {
  if (run.status !== "running" || seq <= run.nextSeq) return;
  run.missing += seq - run.nextSeq;
  run.nextSeq = seq;
}

function apply(run, event) {
  run.events += 1;
  run.startedAt ??= event.time;
  run.updatedAt = event.time;
  if (Number.isInteger(event.seq)) run.waiting = null;
  applyData(run, event);
  noteMilestone(run, event);
}
