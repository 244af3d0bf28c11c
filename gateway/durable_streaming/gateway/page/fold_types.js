// What each event type means to the view. `null` is as absent, except where a value was asked for.

/** Changes the run by one folded event; unknown types change nothing. */
export function applyData(run, event) {
  APPLY[event.type]?.(run, event.data ?? {}, event);
}

const APPLY = {
  "run.started"(run, data) {
    if (run.agent !== null) return; // the first start stands
    run.agent = data.agent;
    run.title = data.title ?? null;
    run.model = data.model ?? null;
  },
  "plan.created"(run, data) {
    if (run.plan && data.revision <= run.plan.revision) return;
    run.plan = { revision: data.revision, steps: data.steps };
    const planned = new Map(data.steps.map((step) => [step.step_id, step.title]));
    for (const [id, step] of run.steps) {
      step.planned = planned.has(id);
      step.planTitle = planned.get(id) ?? null;
      // Of a replaced plan only what was begun or decided stays.
      if (!step.planned && step.status === "planned") run.steps.delete(id);
    }
    for (const [id, title] of planned)
      stepOf(run, id, { status: "planned", planned: true }).planTitle = title;
  },
  "step.started"(run, data, event) {
    const step = stepOf(run, data.step_id);
    step.firstEvent ??= run.events;
    step.status = "running";
    step.title = data.title ?? step.title;
    step.attempt = data.attempt ?? step.attempt + 1;
    step.startedAt = event.time;
    step.endedAt = step.summary = step.error = null;
  },
  "step.completed"(run, data, event) {
    const step = stepOf(run, data.step_id);
    step.firstEvent ??= run.events;
    step.status = data.status;
    step.summary = data.summary ?? null;
    step.error = data.error ?? null;
    step.endedAt = event.time;
  },
  "text.delta"(run, data) {
    const part = data.part ?? 0;
    run.parts.set(part, (run.parts.get(part) ?? "") + data.text);
  },
  "reasoning.delta"(run, data) {
    run.reasoningLength += [...data.text].length;
  },
  "tool.called"(run, data, event) {
    const tool = toolOf(run, data.call_id);
    tool.name = data.name;
    tool.stepId = data.step_id ?? null;
    tool.arguments = data.arguments;
    tool.calledAt = event.time;
  },
  "tool.returned"(run, data, event) {
    const tool = toolOf(run, data.call_id);
    tool.error = data.error ?? null;
    tool.status = tool.error === null ? "returned" : "failed";
    tool.output = data.output;
    tool.returnedAt = event.time;
  },
  "source.added"(run, data) {
    const source = run.sources.get(data.source_id) ?? newSource(data.source_id);
    for (const field of ["kind", "url", "title", "snippet"])
      source[field] = data[field] ?? source[field];
    source.cited.push(...(data.cited ?? []).map(({ start, end }) => ({ start, end })));
    run.sources.set(source.id, source);
  },
  "run.waiting"(run, data) {
    run.waiting = data.for;
  },
  "quality.checked"(run, data) {
    const { check, verdict, score = null, detail = null } = data;
    run.checks.set(check, { check, verdict, score, detail });
  },
  "run.completed": end,
  "run.failed": end,
  "run.cancelled": end,
};

const newSource = (id) => ({ id, kind: null, url: null, title: null, snippet: null, cited: [] });

function end(run, data) {
  run.answer = data.answer ?? null;
  run.error = data.error ?? null;
  run.usage = data.usage ?? null;
}

function stepOf(run, id, { status = "running", planned = false } = {}) {
  let step = run.steps.get(id);
  if (!step) {
    step = {
      id,
      title: null,
      planTitle: null,
      status,
      attempt: 0,
      planned,
      summary: null,
      error: null,
      firstEvent: null,
      startedAt: null,
      endedAt: null,
    };
    run.steps.set(id, step);
  }
  return step;
}

function toolOf(run, id) {
  let tool = run.tools.get(id);
  if (!tool) {
    tool = {
      id,
      name: null,
      stepId: null,
      status: "called",
      error: null,
      calledAt: null,
      returnedAt: null,
    };
    run.tools.set(id, tool);
  }
  return tool;
}

/** Keeps what a person would want told: never each piece of text. */
export function noteMilestone(run, event) {
  const note = NOTE[event.type]?.(event.data ?? {}, run);
  if (note) run.milestones.push({ time: event.time, text: note });
}

const stepName = (run, id) => {
  const step = run.steps.get(id);
  return step?.title ?? step?.planTitle ?? id;
};

const NOTE = {
  "run.started": (data) => `Run started by ${data.agent}`,
  "plan.created": (data) =>
    `Plan ${data.revision === 0 ? "made" : "changed"}: ${data.steps.length} steps`,
  "step.started": (data, run) => `Step started: ${stepName(run, data.step_id)}`,
  "step.completed": (data, run) => `Step ${data.status}: ${stepName(run, data.step_id)}`,
  "tool.called": (data) => `Tool called: ${data.name}`,
  "tool.returned": (data, run) => {
    const tool = run.tools.get(data.call_id);
    return `Tool ${tool.status}: ${tool.name ?? tool.id}`;
  },
  "run.waiting": (data) => `Waiting for ${data.for}`,
  "quality.checked": (data) => `Check ${data.verdict}: ${data.check}`,
  "run.cancel_requested": () => "Cancel requested",
  "run.resumed": () => "Another producer took the run over",
  "run.timed_out": () => "Run timed out",
  "run.completed": () => "Run completed",
  "run.failed": (data) => `Run failed: ${data.error?.message ?? "no reason given"}`,
  "run.cancelled": () => "Run cancelled",
};
