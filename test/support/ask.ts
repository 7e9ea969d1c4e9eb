import { Client } from "./client.ts";

interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string; readonly code?: string };
}

/** Has a worker of its own run a command of a whole-node fixture: its answer, whatever it is. */
export async function askForAnswer(port: number, command: string, ...parameters: unknown[]): Promise<Answer> {
  const client = await Client.open(port);
  client.send(`${JSON.stringify([command, ...parameters])}\n`);
  client.finish();
  const received = await client.rest();
  if (!received.endsWith("\n")) throw new Error(`${command}: the connection ended without an answer`);
  return JSON.parse(received) as Answer;
}

/** The same, for a command that must not fail: what it returned. */
export async function ask<T>(port: number, command: string, ...parameters: unknown[]): Promise<T> {
  const { value, error } = await askForAnswer(port, command, ...parameters);
  if (error !== undefined) throw new Error(`${command} failed in the worker: ${error.stack}`);
  return value as T;
}
