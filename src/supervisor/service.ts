import { formatAddress } from "../config/address.ts";
import type { Settings } from "../config/settings.ts";
import type { Engine } from "../control/messages.ts";
import { Header } from "../scoreboard/header.ts";
import type { Orders } from "../scoreboard/orders.ts";
import { Registry } from "../scoreboard/registry.ts";
import { Slots } from "../scoreboard/slots.ts";
import type { DaemonLog } from "./daemon-log.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { HandedDaemon } from "./handover.ts";
import { Listeners } from "./listeners.ts";
import { Orphans } from "./orphans.ts";
import type { Plan, Planner } from "./plan.ts";
import { Rotation } from "./rotation.ts";

export interface ServiceParts {
  readonly planner: Planner;
  readonly log: DaemonLog;
  /** The zygote gives no sign of life. */
  readonly onHung: (timeout: number) => void;
  /** The zygote of that generation is to be replaced. */
  readonly onDue: (generation: number) => void;
}

/** What outlives zygotes: made once the first one's settings are known, and handed to each of them. */
export class Service {
  /** In force: what the zygote that forks was given. */
  plan: Plan;
  /** Whether somebody has found out that forking does not work here. */
  isUnforkable = false;
  readonly header: Header;
  readonly registry: Registry;
  readonly slots: Slots;
  readonly orphans: Orphans;
  readonly heartbeat: Heartbeat;
  readonly rotation: Rotation;
  /** The scoreboard's, and the registry's. */
  readonly memfds: readonly [number, number];

  /** @throws ForkdError if the daemon cannot be; nothing is left open then */
  static async open(resolved: Pick<Plan, "settings" | "origins">, parts: ServiceParts): Promise<Service> {
    await parts.log.configure(resolved.settings);
    return new Service(parts.planner.first(resolved), [Slots.create(), Registry.create()], parts);
  }

  /** What this process had before it became another program. */
  static resume(handed: HandedDaemon, parts: ServiceParts): Service {
    const { settings, origins } = handed;
    const plan = { settings, origins, listeners: Listeners.resume(handed.listeners) };
    return new Service(plan, [handed.scoreboard, handed.registry], parts);
  }

  private constructor(plan: Plan, memfds: [number, number], { log, onHung, onDue }: ServiceParts) {
    const { settings } = plan;
    const [scoreboard, registry] = memfds;
    this.plan = plan;
    this.memfds = memfds;
    this.header = new Header(scoreboard);
    this.slots = new Slots(scoreboard);
    this.registry = new Registry(registry);
    const { slots, header } = this;
    this.orphans = new Orphans({ registry: this.registry, slots, header, settings, log: log.ofWorkers });
    this.heartbeat = new Heartbeat(this.orders, () => onHung(this.settings.heartbeatTimeout));
    this.rotation = new Rotation(settings.rotateInterval, onDue);
    log.takeDropped = () => header.takeDroppedRecords();
  }

  get settings(): Settings {
    return this.plan.settings;
  }

  get orders(): Orders {
    return this.registry.orders;
  }

  get addresses(): string[] {
    return this.plan.listeners.addresses.map(formatAddress);
  }

  get engine(): Engine {
    return this.engineFor(this.plan);
  }

  /** How a zygote that is to serve with a plan is to make workers. */
  engineFor({ settings: { engine } }: Plan): Engine {
    return engine === "spawn" || (engine === "auto" && this.isUnforkable) ? "spawn" : "fork";
  }

  /** What a zygote is sent that is to serve with a plan: the scoreboard, the registry, then the listeners. */
  descriptorsFor({ listeners }: Plan): number[] {
    return [...this.memfds, ...listeners.descriptors];
  }

  /** The zygote that was given this plan is to fork: what was open for the earlier one alone is closed. */
  adopt(plan: Plan, generation: number): void {
    this.plan.listeners.closeBut(plan.listeners);
    if (plan !== this.plan) plan.listeners.queue(plan.settings.backlog);
    this.plan = plan;
    this.orphans.adoptSettings(generation, plan.settings);
    this.rotation.interval = plan.settings.rotateInterval;
    this.orders.forgetCommands();
    this.heartbeat.start(plan.settings.heartbeatTimeout);
  }

  /** The zygote that was given this plan has ended: what was open for it alone is closed. */
  discard(plan: Plan | undefined): void {
    plan?.listeners.closeBut(this.plan.listeners);
  }

  close(): void {
    this.plan.listeners.close();
  }
}
