// One run: its stored events come in, its panels are drawn, whoever opens it and whenever.

import { getRun } from "./api.js";
import { AnswerView } from "./answer.js";
import { RunConnection } from "./connection.js";
import { fill, h } from "./dom.js";
import { factList, factsOf } from "./facts.js";
import { answerOf, asideOf, foldRecord, newRun, stepsOf } from "./fold.js";
import { layout } from "./layout.js";
import { checkList, sourceList, stepList, toolList } from "./panels.js";
import { asideText, connectionPill, sealedText, verdictBanner } from "./verdict.js";
import { badge, moment } from "./words.js";

const HIDDEN_RENDER_MS = 250;
const VERDICT_RETRIES_MS = [250, 500, 1000, 2000, 4000];
const SHOWN_MILESTONES = 200;
const LISTS = { steps: stepList, sources: sourceList, checks: checkList, tools: toolList };

export function showRun(main, runId) {
  const page = new RunPage(runId);
  fill(main, page.element);
  page.start();
}

class RunPage {
  constructor(runId) {
    this.runId = runId;
    this.run = newRun();
    this.sealed = null; // {packet, reconciliation} once the run is closed
    this.scheduled = false;
    this.logged = 0;
    this.answer = new AnswerView();
    this.parts = {
      title: h("h1"),
      status: h("span"),
      pill: h("span", { role: "status" }),
      facts: h("dl", { class: "facts" }),
      banner: h("div", { role: "status" }),
      sealed: h("div"),
      aside: h("div"),
      steps: h("ol", { class: "steps" }),
      sources: h("ol", { class: "sources" }),
      checks: h("ul", { class: "checks" }),
      tools: h("ul", { class: "tools" }),
      // Milestones only: a screen reader that is told each word of the answer is of no use.
      log: h("ol", {
        class: "milestones",
        role: "log",
        "aria-live": "off",
        "aria-label": "Milestones",
      }),
    };
    this.element = layout(this.parts, this.answer.element, runId);
    this.connection = new RunConnection(runId, {
      onEvent: (offset, event) => {
        foldRecord(this.run, offset, event);
        this.schedule();
      },
      onState: (state) => {
        // What is replayed is history: announce only what happens from now on.
        if (state === "live")
          this.schedule(() => this.parts.log.setAttribute("aria-live", "polite"));
        this.schedule();
      },
      onRestart: () => this.forget(),
      onClosed: (frame) => this.fetchVerdict(frame),
    });
  }

  start() {
    this.render();
    this.connection.open();
  }

  forget() {
    this.run = newRun();
    this.logged = 0;
    this.parts.log.replaceChildren();
    this.schedule();
  }

  /** Draws at most once a frame; a hidden page gets no frames, but its text must be there. */
  schedule(afterwards = null) {
    if (afterwards) this.afterwards = afterwards;
    if (this.scheduled) return;
    this.scheduled = true;
    const draw = () => {
      this.scheduled = false;
      this.render();
      this.afterwards?.();
      this.afterwards = null;
    };
    if (document.hidden) setTimeout(draw, HIDDEN_RENDER_MS);
    else requestAnimationFrame(draw);
  }

  async fetchVerdict(frame) {
    this.closed = frame;
    for (const pause of [...VERDICT_RETRIES_MS, null]) {
      try {
        const { packet, reconciliation } = await getRun(this.runId);
        if (packet && reconciliation) {
          this.sealed = { packet, reconciliation };
          break;
        }
      } catch (error) {
        this.sealedError = error.message;
      }
      if (pause === null) break;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.schedule();
  }

  render() {
    const { run, parts, connection, sealed } = this;
    const title = run.title || this.runId;
    document.title = `${title} · Durable Streaming`;
    parts.title.textContent = title;
    const status = run.waiting && run.status === "running" ? "waiting" : run.status;
    update(parts.status, status, () => badge(status));
    update(parts.pill, [connection.state, connection.message], () => connectionPill(connection));
    const facts = factsOf(run);
    update(parts.facts, facts, () => factList(this.runId, facts));
    const sources = [...run.sources.values()];
    const citations = sources.flatMap(({ cited }, place) =>
      cited.map(({ start, end }) => ({ start, end, number: place + 1, id: `source-${place + 1}` })),
    );
    this.answer.show(answerOf(run), citations);
    this.answer.element.classList.toggle("growing", run.status === "running");
    update(
      parts.banner,
      [run.status, run.error, run.missing, connection.gap, connection.message, sealed, this.closed],
      () => verdictBanner(run, connection, sealed, this.closed),
    );
    update(parts.sealed, sealed, () => sealedText(sealed, answerOf(run)));
    update(parts.aside, asideOf(run), () => asideText(asideOf(run)));
    const ended = run.status !== "running";
    const lists = {
      steps: stepsOf(run),
      sources,
      checks: [...run.checks.values()],
      tools: [...run.tools.values()],
    };
    for (const [name, items] of Object.entries(lists)) {
      update(parts[name], [items, ended], () => LISTS[name](items, ended));
    }
    this.renderLog();
  }

  renderLog() {
    const { milestones } = this.run;
    const { log } = this.parts;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 8;
    for (const { time, text } of milestones.slice(
      Math.max(this.logged, milestones.length - SHOWN_MILESTONES),
    )) {
      log.append(h("li", {}, moment(time), " ", h("span", {}, text)));
    }
    while (log.children.length > SHOWN_MILESTONES) log.firstChild.remove();
    // Follows the newest unless somebody scrolled up to read.
    if (atEnd && milestones.length > this.logged) log.scrollTop = log.scrollHeight;
    this.logged = milestones.length;
  }
}

/** Draws a part anew only when what it shows has changed: open details and focus stay. */
function update(element, shown, draw) {
  const key = JSON.stringify(shown);
  if (element.shown === key) return;
  element.shown = key;
  fill(element, draw());
}
