/** Texts as the addon takes a list of them: each with a zero behind it. */
export const nullTerminated = (list: readonly string[]): Buffer =>
  Buffer.from(list.map((text) => `${text}\0`).join(""));

/** The environment, as such a list. */
export const environmentList = (variables: Readonly<Record<string, string | undefined>>): Buffer =>
  nullTerminated(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
  );
