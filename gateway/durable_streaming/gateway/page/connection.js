// One run's events over a WebSocket, resumed for as long as the page wants them.
//
// States: connecting, replaying (catching up), live, stale (silent for too long), reconnecting,
// gap (live, but the run's first records are gone), closed (the run is over), refused.

const SILENCE_MS = 30_000; // the gateway speaks at least every 15 s, so this is a dead connection
const FIRST_BACK_OFF_MS = 250;
const LONGEST_BACK_OFF_MS = 10_000;
// After these the same request would be refused again.
const FINAL_CODES = new Set([1009, 4400, 4401, 4404]);
// After these the position is of no use any more: begin again with what is there.
const START_AGAIN_CODES = new Set([4409, 4410, 4416]);

export class RunConnection {
  /**
   * @param {string} runId
   * @param {{onEvent: (offset: number, event: object) => void, onState: (state: string) => void,
   *          onClosed: (frame: object) => void, onRestart: () => void}} handlers
   *   `onRestart`: what was folded so far belongs to another past; forget it.
   */
  constructor(runId, handlers) {
    this.runId = runId;
    this.handlers = handlers;
    this.state = "connecting";
    this.token = null; // of the last frame that carried a position
    this.message = null; // why it was refused
    this.attempt = 0;
    this.gap = false;
    this.socket = null;
    this.timers = { silence: null, retry: null };
    addEventListener("offline", () => this.#lost("reconnecting"));
    // A socket that lived through an outage can be dead without knowing: don't trust it.
    addEventListener("online", () => this.#now());
    addEventListener("pageshow", (shown) => shown.persisted && this.#now());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.timers.retry !== null) this.#now();
    });
  }

  open() {
    const position = this.token === null ? "from=start" : `after=${encodeURIComponent(this.token)}`;
    const url = new URL(`/v1/runs/${encodeURIComponent(this.runId)}/ws?${position}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, "durable.v1");
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.socket) this.#receive(JSON.parse(data));
    });
    socket.addEventListener("close", ({ code }) => {
      if (socket === this.socket) this.#ended(code);
    });
    this.#listen();
  }

  #receive(frame) {
    this.#listen();
    switch (frame.type) {
      case "subscribed":
        this.gap ||= frame.outcome === "gap";
        this.#become("replaying");
        break;
      case "event":
        // Progress, not merely a connection that opens and dies: only now start over with waiting.
        this.attempt = 0;
        this.handlers.onEvent(frame.offset, frame.event);
        break;
      case "lagging":
        this.#become("replaying");
        break;
      case "caught_up":
        this.attempt = 0;
        this.#become(this.gap ? "gap" : "live");
        break;
      case "error":
        this.message = frame.message;
        break;
      case "closed":
        this.#drop();
        this.#become("closed");
        this.handlers.onClosed(frame);
        return;
    }
    if (frame.type !== "error" && frame.token) this.token = frame.token;
  }

  #ended(code) {
    if (FINAL_CODES.has(code)) {
      this.#drop();
      this.#become("refused");
      return;
    }
    if (START_AGAIN_CODES.has(code)) {
      this.token = null;
      this.gap = false;
      this.handlers.onRestart();
    }
    this.#lost("reconnecting");
  }

  #lost(state) {
    if (this.#isOver()) return;
    this.#drop();
    this.#become(state);
    // Full jitter: a gateway that restarts is not met by all its viewers at once.
    const ceiling = Math.min(FIRST_BACK_OFF_MS * 2 ** this.attempt, LONGEST_BACK_OFF_MS);
    this.attempt += 1;
    this.timers.retry = setTimeout(() => this.#now(), FIRST_BACK_OFF_MS + Math.random() * ceiling);
  }

  #now() {
    if (this.#isOver()) return;
    this.#drop();
    // Stale is said until something is heard again, not only until the next attempt.
    if (this.state !== "stale") this.#become(this.token === null ? "connecting" : "reconnecting");
    this.open();
  }

  #listen() {
    clearTimeout(this.timers.silence);
    this.timers.silence = setTimeout(() => this.#lost("stale"), SILENCE_MS);
  }

  #drop() {
    clearTimeout(this.timers.silence);
    clearTimeout(this.timers.retry);
    this.timers.retry = null;
    // Forgotten first: a dead socket reports its close late, or never.
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  #isOver() {
    return this.state === "closed" || this.state === "refused";
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.handlers.onState(state);
  }
}
