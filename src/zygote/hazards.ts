import { readFileSync } from "node:fs";
import type { DescriptorHazard } from "./descriptor-hazards.ts";
import { isOnlyDescriptor, kindOf, startAfterFork, threadAdvice } from "./resource-kinds.ts";
import { describeTarget } from "./socket-names.ts";
import { placeOf } from "./user-frames.ts";
import type { UserResource } from "./user-resources.ts";

/** All that was found open. */
export interface Findings {
  readonly descriptors: readonly DescriptorHazard[];
  /** The names of those that are more. */
  readonly threads: readonly string[];
  readonly resources: readonly UserResource[];
  /** What Node calls the things that keep its event loop running; undefined if nothing does. */
  readonly active: readonly string[] | undefined;
}

interface Hazard {
  readonly what: string;
  readonly advice: string;
  readonly place?: string | undefined;
}

/** A line or two for each thing: what it is and what to do about it, and where it comes from, if that is known. */
export function describeHazards(findings: Findings): string {
  const referenced = findings.active === undefined ? [] : findings.resources.filter(isReferenced);
  const hazards = [
    ...withoutPipesOfChildren(referenced).map((resource) => resourceHazard(resource, findings)),
    ...descriptorHazards(findings, referenced),
    ...threadHazards(findings, referenced),
    ...unknownHazards(findings, referenced),
  ];
  return hazards.map(inLines).join("\n");
}

/** Handles and timers say so; a request keeps the event loop running in any case. */
function isReferenced({ type, resource }: UserResource): boolean {
  const { hasRef } = resource as { hasRef?: () => boolean };
  return !isOnlyDescriptor(type) && (hasRef === undefined || hasRef.call(resource));
}

/** A child process and the pipes to it are opened by one call: it is enough to name the child. */
function withoutPipesOfChildren(resources: readonly UserResource[]): UserResource[] {
  const spawned = new Set(resources.filter(({ type }) => type === "PROCESSWRAP").map(placeOf));
  return resources.filter((resource) => resource.type !== "PIPEWRAP" || !spawned.has(placeOf(resource)));
}

function resourceHazard(resource: UserResource, { descriptors }: Findings): Hazard {
  const { name, advice } = kindOf(resource.type);
  const details = detailsOf(resource, descriptors);
  return { what: details === undefined ? name : `${name}, ${details}`, advice, place: placeOf(resource) };
}

function detailsOf({ type, resource }: UserResource, descriptors: Findings["descriptors"]): string | undefined {
  const { fd, pid, _idleTimeout, _repeat } = resource as Record<string, unknown>;
  const descriptor = descriptors.find((hazard) => hazard.fd === fd);
  if (descriptor !== undefined) return describeTarget(descriptor);
  if (type === "Timeout") return `${_repeat ? "setInterval" : "setTimeout"} of ${String(_idleTimeout)} ms`;
  return type === "PROCESSWRAP" && typeof pid === "number" ? `pid ${pid}${commandOf(pid)}` : undefined;
}

function commandOf(pid: number): string {
  try {
    return ` (${readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd()})`;
  } catch {
    return ""; // it has ended meanwhile
  }
}

/** Those of resources that are not told already; what a thread has for its own event loop is told by the thread. */
function descriptorHazards(findings: Findings, told: readonly UserResource[]): Hazard[] {
  const isInner = (target: string): boolean => findings.threads.length > 0 && /^(anon_inode|pipe):/.test(target);
  return findings.descriptors.flatMap((descriptor) => {
    const owner = findings.resources.find(({ resource }) => (resource as { fd?: unknown }).fd === descriptor.fd);
    if (owner === undefined ? isInner(descriptor.target) : told.includes(owner)) return [];
    const name = owner === undefined ? descriptor.name : kindOf(owner.type).name;
    const what = `${name}, ${describeTarget(descriptor)}`;
    return { what, advice: descriptor.advice, place: owner && placeOf(owner) };
  });
}

/** Beyond those of Workers that are told already. */
function threadHazards({ threads, resources }: Findings, told: readonly UserResource[]): Hazard[] {
  const isWorker = ({ type }: UserResource): boolean => type === "WORKER";
  const workers = resources.filter((resource) => isWorker(resource) && !told.includes(resource));
  return threads.slice(told.filter(isWorker).length).map((name, index) => {
    const worker = workers[index];
    return worker === undefined
      ? { what: `a thread (${name}), such as native addons start`, advice: threadAdvice }
      : { what: kindOf(worker.type).name, advice: threadAdvice, place: placeOf(worker) };
  });
}

/** What keeps the event loop running, if nothing is told that does: a native addon's handle, say. */
function unknownHazards({ active }: Findings, told: readonly UserResource[]): Hazard[] {
  if (active === undefined || told.length > 0) return [];
  const names = active.length > 0 ? ` (${active.join(", ")})` : "";
  return [{ what: `something that keeps Node's event loop running${names}`, advice: startAfterFork }];
}

function inLines({ what, advice, place }: Hazard): string {
  return [`- ${what}: ${advice}`, ...(place === undefined ? [] : [`    opened at ${place}`])].join("\n");
}
