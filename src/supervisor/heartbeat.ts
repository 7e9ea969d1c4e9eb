import type { Orders } from "../scoreboard/orders.ts";

/** How many questions in a row must go unanswered. */
const patience = 5;

/**
 * Asks the zygote for a sign of life, again and again. What is counted is questions without an
 * answer, not time: a machine, or a supervisor, that stood still for a while takes nobody for hung.
 */
export class Heartbeat {
  readonly #orders: Orders;
  readonly #onHung: () => void;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;

  constructor(orders: Orders, onHung: () => void) {
    this.#orders = orders;
    this.#onHung = onHung;
  }

  /**
   * A zygote has begun to fork, and is asked from now on.
   * @param timeout - In ms; 0 for never asking.
   */
  start(timeout: number): void {
    this.stop();
    this.#orders.answerHeartbeat(); // it owes no answer yet
    if (timeout > 0) this.#timer = setInterval(() => this.#ask(), timeout / patience).unref();
  }

  /** Nobody is asked, and owes an answer. */
  stop(): void {
    clearInterval(this.#timer);
    this.#unanswered = 0;
  }

  /** Whether no question has gone unanswered, of late. */
  get isAnswered(): boolean {
    return this.#unanswered === 0;
  }

  #ask(): void {
    this.#unanswered = this.#orders.heartbeatIsAnswered ? 0 : this.#unanswered + 1;
    if (this.#unanswered === patience) this.#onHung();
    this.#orders.askForHeartbeat();
  }
}
