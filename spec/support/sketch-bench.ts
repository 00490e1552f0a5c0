import type { Sketch } from "../../lib/arduino/index.js";
import {
  TestGateway,
  type TestGatewayOptions,
  VirtualBoard,
  type VirtualBoardOptions,
} from "../../lib/testing/index.js";

/** The key that the sketches in examples/ have. */
export const SKETCH_PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";

/** After this long without network both sides have noticed: PING after 30 s of silence, 30 s for its answer. */
export const LOSS_NOTICED_MS = 90_000;
/** A device that was left alone for long tries again after 32 s at the latest. */
const LONGEST_BACKOFF_MS = 35_000;

export interface Bench {
  readonly gateway: TestGateway;
  readonly board: VirtualBoard;
}

export interface BenchOptions {
  readonly gateway?: Partial<TestGatewayOptions>;
  readonly board?: VirtualBoardOptions;
  /** Before the sketch starts. */
  readonly prepare?: (bench: Bench) => void;
}

/** A gateway, and a board on which the sketch has begun. */
export async function startSketch(sketch: Sketch, options: BenchOptions = {}): Promise<Bench> {
  const gateway = new TestGateway({ psk: SKETCH_PSK, ...options.gateway });
  const board = new VirtualBoard({ gateway, ...options.board });
  options.prepare?.({ gateway, board });
  await board.start(sketch);
  return { gateway, board };
}

export async function stopSketch({ board, gateway }: Bench): Promise<void> {
  await board.stop();
  await gateway.close();
}

/** What the device answers, once there is a session. */
export async function ask({ gateway }: Bench, message: string | Uint8Array): Promise<string> {
  await gateway.waitForSession();
  gateway.send(message);
  return gateway.next();
}

/** Pulls the cable, for so long that the session is over. */
export async function goOffline({ gateway, board }: Bench): Promise<void> {
  gateway.loseNetwork();
  await board.advance(LOSS_NOTICED_MS);
}

/** The gateway ends its session with BYE, and takes no new one before `acceptKey()`. */
export function endSessions({ gateway }: Bench): void {
  gateway.refuseKey();
  void gateway.session().close();
  gateway.clock.stir();
}

/** The first message of the session that comes after the network is there again. */
export function backOnline({ gateway }: Bench): Promise<string> {
  gateway.restoreNetwork();
  return gateway.next({ withinMs: LONGEST_BACKOFF_MS });
}
