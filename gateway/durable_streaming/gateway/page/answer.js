// The growing answer, with its citations marked.

import { h } from "./dom.js";

/**
 * Shows a text and marks cited stretches. While text only grows, what is there is left alone: a
 * reader's selection survives, and a long answer costs no more an event than a short one.
 */
export class AnswerView {
  constructor() {
    this.element = h("div", { class: "answer", id: "answer" });
    this.shown = "";
    this.marks = "[]";
  }

  /**
   * @param {string} text
   * @param {{start: number, end: number, number: number, id: string}[]} citations in code points
   */
  show(text, citations) {
    const marks = JSON.stringify(citations);
    if (marks === this.marks && citations.length === 0 && text.startsWith(this.shown)) {
      if (text.length > this.shown.length) this.#grow(text.slice(this.shown.length));
    } else if (marks !== this.marks || text !== this.shown) {
      this.element.replaceChildren(...pieces(text, citations));
    }
    this.shown = text;
    this.marks = marks;
  }

  #grow(text) {
    const last = this.element.lastChild;
    if (last instanceof Text) last.appendData(text);
    else this.element.append(text);
  }
}

/** Cuts a text at the edges of its citations; overlapping ones share their stretch. */
function pieces(text, citations) {
  const points = Array.from(text); // code points, which citations count in
  const valid = citations.filter(({ start, end }) => start < end && end <= points.length);
  const edges = new Set([0, points.length]);
  for (const { start, end } of valid) edges.add(start).add(end);
  const cuts = [...edges].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((from, place) => {
    const to = cuts[place + 1];
    const stretch = points.slice(from, to).join("");
    const covering = valid.filter(({ start, end }) => start <= from && to <= end);
    if (covering.length === 0) return document.createTextNode(stretch);
    // The number is drawn by the style sheet, so that the element's text stays the answer's.
    const ending = covering.filter(({ end }) => end === to);
    const marks = ending.map(({ number, id }) =>
      h("a", {
        class: "cite",
        href: `#${id}`,
        "data-number": number,
        "aria-label": `Source ${number}`,
      }),
    );
    return h("span", { class: "cited" }, stretch, marks);
  });
}
