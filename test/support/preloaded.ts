import { fileURLToPath } from "node:url";

/** What the zygote is started with. */
export const preloaded = fileURLToPath(new URL(`../../prebuilds/linux-${process.arch}/heap.so`, import.meta.url));
