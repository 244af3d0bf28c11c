// The gateway's HTTP interface, as far as the page needs it.

/** A refusal, in the gateway's own words. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function getJson(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Refused(
      response.status,
      problem.detail ?? problem.title ?? `HTTP ${response.status}`,
    );
  }
  return response.json();
}

/** The newest runs, filtered by what is set in `filter`. */
export function listRuns(filter, cursor = null) {
  const query = new URLSearchParams({ limit: "100" });
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  if (cursor) query.set("cursor", cursor);
  return getJson(`/v1/runs?${query}`);
}

/** State of one run: draft, packet, reconciliation. */
export function getRun(runId) {
  return getJson(`/v1/runs/${encodeURIComponent(runId)}`);
}
