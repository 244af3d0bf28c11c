// Where the panels of a run stand.

import { fill, h, icon } from "./dom.js";

const COPIED_MS = 1_500;

/** Puts the parts of the page together; they are drawn into where they stand. */
export function layout(parts, answer, runId) {
  const panel = (name, ...content) =>
    h(
      "section",
      { class: `panel panel-${name.toLowerCase()}`, "aria-label": name },
      h("h2", {}, name),
      content,
    );
  return h(
    "article",
    { class: "run" },
    h("a", { class: "back", href: "/" }, icon("back"), "All runs"),
    h(
      "div",
      { class: "heading" },
      parts.title,
      h("div", { class: "states" }, parts.status, parts.pill, copyButton(runId)),
    ),
    parts.facts,
    parts.banner,
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        { class: "wide" },
        panel("Answer", answer, parts.sealed, parts.aside),
        panel("Sources", parts.sources),
        panel("Milestones", parts.log),
      ),
      h(
        "div",
        { class: "narrow" },
        panel("Steps", parts.steps),
        panel("Checks", parts.checks),
        panel("Tools", parts.tools),
      ),
    ),
  );
}

function copyButton(runId) {
  const copy = h(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": "Copy run id",
      title: "Copy run id",
      // Browsers offer it to pages from this machine or over TLS only.
      hidden: !navigator.clipboard,
    },
    icon("copy"),
  );
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(runId);
    fill(copy, icon("good"));
    setTimeout(() => fill(copy, icon("copy")), COPIED_MS);
  });
  return copy;
}
