/** How the workers of all daemons come to be that tests start, unless they say otherwise: `npm run test:spawn`. */
export const engine = process.env["FORKD_ENGINE"] === "spawn" ? "spawn" : "fork";

/** For `skip`: the test is about what a fork does. */
export const isAboutForks = engine === "spawn" && "about forked workers";
