// What verification finds, apart from a genuine receipt. `reason` is a stable name, the same in
// every implementation; `message` is for people.

/** The receipt proves nothing. */
export class NotGenuine extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

/** The receipt is of a form that this verifier does not know. */
export class CannotTell extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}
