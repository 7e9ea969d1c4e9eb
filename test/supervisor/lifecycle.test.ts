import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lifecycle, type Event, type State } from "../../dist/supervisor/lifecycle.js";

const events: readonly Event[] = [
  "unforkable",
  "prepared",
  "ready",
  "failed",
  "lost",
  "nextPrepared",
  "nextLost",
  "hopeless",
  "rotate",
  "reload",
  "upgrade",
  "notUpgraded",
  "drain",
  "stop",
  "overdue",
  "empty",
];
const states = Object.keys(lifecycle) as State[];

/** Those that the table knows, however many there are. */
const eventsOfTable = [...new Set(Object.values(lifecycle).flatMap((row) => Object.keys(row) as Event[]))];

/** What each event does in each state; a dash where it changes nothing. */
const expected = `
               starting          serving             renewing           handingOver        restarting            upgrading           draining              stopping       stopped
  unforkable   starting/startOver -                  -                  -                  restarting/startOver  -                   -                     -              -
  prepared     starting/letFork  -                   -                  -                  restarting/letFork    -                   -                     -              -
  ready        serving/announce  -                   -                  -                  serving/takeOver      -                   -                     -              -
  failed       stopping/kill     -                   -                  -                  -                     -                   -                     -              -
  lost         stopping/kill     restarting/respawn  restarting/promote restarting/promote restarting/respawn    upgrading/become    draining/drainOrphans stopping/kill  -
  nextPrepared -                 -                   handingOver/retire -                  -                     -                   -                     -              -
  nextLost     -                 -                   serving            serving            -                     -                   -                     -              -
  hopeless     -                 draining/giveUp     draining/giveUp    draining/giveUp    draining/giveUp       draining/giveUp     -                     -              -
  rotate       -                 renewing/rotate     -                  -                  -                     -                   -                     -              -
  reload       -                 renewing/reload     -                  -                  -                     -                   -                     -              -
  upgrade      -                 upgrading/retire    -                  -                  -                     -                   -                     -              -
  notUpgraded  -                 -                   -                  -                  -                     restarting/respawn  -                     -              -
  drain        stopping/kill     draining/drain      draining/drain     draining/drain     draining/drain        draining/drain      stopping/kill         -              -
  stop         stopping/kill     stopping/kill       stopping/kill      stopping/kill      stopping/kill         stopping/kill       stopping/kill         -              -
  overdue      -                 -                   -                  -                  -                     -                   stopping/kill         -              -
  empty        -                 -                   -                  -                  -                     -                   stopped/finish        stopped/finish -
`;

void test("each event does in each state what the table says", () => {
  const [header = [], ...rows] = expected
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/ +/));
  assert.deepEqual(header, states);
  assert.deepEqual(
    rows.map(([event]) => event),
    events,
  );
  for (const [event, ...cells] of rows) {
    for (const [index, state] of states.entries()) {
      assert.equal(describe(state, event as Event), cells[index], `${event} in ${state}`);
    }
  }
});

void test("whatever has happened, two requests to stop and no process left are the end", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events)), (history) => {
      const reached = run("starting", history);
      assert.match(reached, new RegExp(`^(${states.join("|")})$`));
      assert.equal(run(reached, ["drain", "drain", "empty"]), "stopped");
      assert.equal(run(reached, ["stop", "empty"]), "stopped");
    }),
  );
});

void test("once it stops, it never serves again", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events)), fc.array(fc.constantFrom(...events)), (before, after) => {
      const reached = run(run("starting", before), ["drain"]);
      const seen = after.map((_event, index) => run(reached, after.slice(0, index + 1)));
      for (const state of seen) assert.match(state, /^(draining|stopping|stopped)$/);
    }),
  );
});

void test("each transition leads to a known state, and from the start each state can be reached", () => {
  const reached = new Set<State>(["starting"]);
  for (const state of reached) for (const next of nextOf(state)) reached.add(next);
  assert.deepEqual([...reached].toSorted(), states.toSorted());
});

void test("what is stopped stays so, and nothing else is stuck: from anywhere there is a way to the end", () => {
  assert.deepEqual(nextOf("stopped"), []);
  const ending = new Set<State>(["stopped"]);
  for (const _round of states)
    for (const state of states) if (nextOf(state).some((to) => ending.has(to))) ending.add(state);
  assert.deepEqual([...ending].toSorted(), states.toSorted());
});

void test("however events come, a drain that is overdue, or two, and nobody left are the end", () => {
  const happens = fc.constantFrom(...eventsOfTable);
  fc.assert(
    fc.property(fc.array(happens), fc.array(happens, { maxLength: 5 }), (before, meanwhile) => {
      const drained = run(run("starting", before), ["drain", ...meanwhile]);
      assert.equal(run(drained, ["overdue", "empty"]), "stopped");
      assert.equal(run(drained, ["drain", "drain", "empty"]), "stopped");
    }),
    { numRuns: 2000 },
  );
});

function nextOf(state: State): State[] {
  return Object.values(lifecycle[state]).map(({ to }) => to);
}

function describe(state: State, event: Event): string {
  const transition = lifecycle[state][event];
  return transition === undefined ? "-" : [transition.to, transition.action].filter(Boolean).join("/");
}

const run = (state: State, history: readonly Event[]): State =>
  history.reduce((reached, event) => lifecycle[reached][event]?.to ?? reached, state);
