// What is sent again because nobody knows whether it arrived must be done once.
import { uuid } from "../shared/api";

/** The Idempotency-Key of a form: the same until something else is sent. */
export class Once {
  private sent = "";
  private key = uuid();

  keyFor(body: unknown): string {
    const now = JSON.stringify(body);
    if (now !== this.sent) this.key = uuid();
    this.sent = now;
    return this.key;
  }

  /** It was taken: the same once more is meant. */
  taken(): void {
    this.sent = "";
  }
}
