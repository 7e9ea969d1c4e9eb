import { native } from "../native.ts";

const commands = 0;
const heartbeatAsked = 1;
const heartbeatAnswered = 2;

/** What the supervisor wants of the zygote, which is woken by the bell, and how it shows that it is alive: words of the registry. */
export class Orders {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** A zygote is about to fork: the message that lets it is read unasked, and counts as no command. */
  forgetCommands(): void {
    Atomics.store(this.#words, commands, 0);
  }

  /** How many commands the zygote that forks has been sent. */
  get commands(): number {
    return Atomics.load(this.#words, commands);
  }

  /** A command is in the control socket: wakes the zygote. */
  announceCommand(): void {
    Atomics.add(this.#words, commands, 1);
    native.ringBell();
  }

  /** Asks the zygote for a sign of life. */
  askForHeartbeat(): void {
    Atomics.add(this.#words, heartbeatAsked, 1);
    native.ringBell();
  }

  /** The zygote is alive, and looks after its workers. */
  answerHeartbeat(): void {
    Atomics.store(this.#words, heartbeatAnswered, Atomics.load(this.#words, heartbeatAsked));
  }

  get heartbeatIsAnswered(): boolean {
    return Atomics.load(this.#words, heartbeatAnswered) === Atomics.load(this.#words, heartbeatAsked);
  }
}
