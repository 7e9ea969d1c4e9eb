import { burst } from "./burst.ts";
import { cost } from "./cost.ts";
import { decay } from "./decay.ts";
import { heap } from "./heap.ts";
import { held } from "./held.ts";
import { long } from "./long.ts";
import { memory } from "./memory.ts";
import { ready } from "./ready.ts";
import { reload } from "./reload.ts";
import type { Scenario } from "./scenario.ts";
import { short } from "./short.ts";

export const scenarios: readonly Scenario[] = [short, burst, long, memory, held, heap, decay, ready, reload, cost];
