import type { UsmpError } from "../errors.js";

/** What a facade is doing. `transport` is where to, as text; `attempt` counts up for the life of the facade. */
export type UsmpStatus =
  | { readonly state: "idle" }
  | { readonly state: "listening" }
  | { readonly state: "opening" | "handshaking"; readonly attempt: number; readonly transport: string }
  | { readonly state: "established"; readonly attempt: number; readonly transport: string; readonly sessionId: string }
  | {
      readonly state: "backoff";
      readonly attempt: number;
      readonly transport: string;
      /** Until the next attempt, in milliseconds, from when this state began. */
      readonly delayMs: number;
      readonly reason: UsmpError;
    }
  | { readonly state: "closed"; readonly reason: UsmpError };
