import { closestMatch } from "leven";

/** The known name that at most a third of the letters would have to be changed for, if any. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const lowerCased = known.map((candidate) => candidate.toLowerCase());
  const maxDistance = Math.max(1, Math.floor(name.length / 3));
  const nearest = closestMatch(name.toLowerCase(), lowerCased, { maxDistance });
  return nearest === undefined ? undefined : known[lowerCased.indexOf(nearest)];
}
