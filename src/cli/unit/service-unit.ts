import { dirname, resolve } from "node:path";
import type { ListenAddress } from "../../config/address.ts";
import type { Settings } from "../../config/settings.ts";
import { argument, type Line, literal, unitFile, word } from "./words.ts";

/** What a service is to be. */
export interface ServiceRequest {
  readonly settings: Settings;
  /** The program, and what it is given. */
  readonly command: readonly string[];
  /** That of whom the program is to run; otherwise systemd makes one for as long as it runs. */
  readonly user: string | undefined;
}

/** Below are homes; whose they are is to be read there if the program is. */
const homes = /^\/(home|root|run\/user)\//;

/** What is there for all but for the daemon, which has a folder of its own in its place: PrivateTmp. */
const temporary = /^\/(var\/)?tmp\//;

/** A unit by which systemd runs the daemon. */
export function serviceUnit({ settings, command, user }: ServiceRequest): string {
  const { name } = settings;
  return unitFile(`/etc/systemd/system/${name}.service`, {
    Unit: [
      ["Description", literal(`${name}, served by forkd`)],
      ["After", "network.target"],
    ],
    Service: [
      ...running(settings, command),
      ...timing(settings),
      ["Restart", "on-failure"],
      ["RestartPreventExitStatus", "100"],
      ...identity(settings, user),
      ...hardening(settings, command),
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}

/** Which of the files that the service needs, or makes for others, nobody would find. */
export function hiddenPaths({ settings, command }: ServiceRequest): string[] {
  return [...command, ...filesOf(settings)].filter((path) => temporary.test(path));
}

function running({ name }: Settings, command: readonly string[]): Line[] {
  const [program = "", ...args] = command;
  const forkd = command.slice(0, command.indexOf("run"));
  const words = (list: readonly string[]): string => [word(program), ...list.slice(1).map(argument)].join(" ");
  return [
    ["Type", "notify"],
    ["NotifyAccess", "main"],
    ["ExecStart", words([program, ...args])],
    ["ExecReload", words([...forkd, "reload", name])],
    ["KillMode", "mixed"],
  ];
}

/** Loading and getting ready may each take startTimeout; a drain asks for more time itself. */
function timing({ startTimeout, drainTimeout, heartbeatTimeout }: Settings): Line[] {
  const seconds = (ms: number): string => `${Math.ceil(ms / 1000)}s`;
  return [
    ["TimeoutStartSec", seconds(2 * startTimeout + 10_000)],
    ["TimeoutStopSec", seconds(drainTimeout + 10_000)],
    ["WatchdogSec", seconds(heartbeatTimeout > 0 ? 3 * heartbeatTimeout : 30_000)],
  ];
}

function identity({ name, listen }: Settings, user: string | undefined): Line[] {
  const mayListen: Line[] = listen.some(isPrivileged) ? [["AmbientCapabilities", "CAP_NET_BIND_SERVICE"]] : [];
  return [
    user === undefined ? ["DynamicUser", "yes"] : ["User", literal(user)],
    ["RuntimeDirectory", `forkd/${name}`],
    ["RuntimeDirectoryMode", "0700"],
    ["Environment", "FORKD_RUNTIME_DIR=/run/forkd"],
    ...mayListen,
    ["CapabilityBoundingSet", mayListen.map(([, capability]) => capability).join(" ")],
  ];
}

const isPrivileged = (address: ListenAddress): boolean =>
  address.family !== "unix" && address.port > 0 && address.port < 1024;

/** No MemoryDenyWriteExecute: V8 makes code while it runs. */
function hardening(settings: Settings, command: readonly string[]): Line[] {
  const isAtHome = command.some((part) => homes.test(part));
  const folders = new Set(filesOf(settings).map((path) => dirname(path)));
  return [
    ["NoNewPrivileges", "yes"],
    ["ProtectSystem", "strict"],
    ...[...folders].map((folder): Line => ["ReadWritePaths", word(folder)]),
    ["ProtectHome", isAtHome ? "read-only" : "yes"],
    ...["PrivateTmp", "PrivateDevices", "ProtectClock", "ProtectControlGroups", "ProtectHostname"].map(yes),
    ...["ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables"].map(yes),
    ...["LockPersonality", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"].map(yes),
    ["RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK"],
    ["SystemCallArchitectures", "native"],
    ["MemoryDenyWriteExecute", "no"],
  ];
}

/** What the daemon makes outside of its runtime folder. */
function filesOf({ listen, logFile }: Settings): string[] {
  const sockets = listen.flatMap((address) => (address.family === "unix" ? [address.path] : []));
  return [...sockets, ...(logFile === "" ? [] : [logFile])].map((path) => resolve("/", path));
}

const yes = (name: string): Line => [name, "yes"];
