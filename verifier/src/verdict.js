// What verification finds, apart from what is genuine. `reason` is a stable name, the same in
// every implementation; `message` is for people.

/** The receipt or evidence proves nothing. */
export class NotGenuine extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

/** It is of a form that this verifier does not know. */
export class CannotTell extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}
