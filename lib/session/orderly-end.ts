import type { UsmpError } from "../errors.js";

/** Whether a session that ended for this reason still lets out what it had accepted before. */
export function isOrderlyEnd({ code }: UsmpError): boolean {
  return code === "CLOSED" || code === "BYE" || code === "SEQ_EXHAUSTED" || code === "TRANSPORT";
}
