/**
 * What the zygote starts with: from here on V8 compiles whole modules, for what is not compiled before there are children, each
 * of them would have to compile. Not from the start on: most of Node's own code nobody calls.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--no-lazy");
await import("./main.ts");
