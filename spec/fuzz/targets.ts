/** All fuzz targets, each with the inputs that fast-check draws for it and the library files that it is there to reach. */
import fc from "fast-check";

export interface TargetEntry {
  /** `targets/<name>.ts`, `corpus/<name>/`. */
  readonly name: string;
  readonly inputs: fc.Arbitrary<Uint8Array>;
  /** Below `lib/`, without the extension. */
  readonly reaches: readonly string[];
}

/** Operations of a target that reads its input as a program: what to do, and a few bytes that say how. */
function program(operations: number, mostOperations: number, prefixLength = 0): fc.Arbitrary<Uint8Array> {
  const argument = fc.oneof(fc.constantFrom(0, 1, 2, 3, 255), fc.nat(255));
  const operation = fc
    .tuple(fc.nat(operations - 1), fc.array(argument, { maxLength: 6 }))
    .map(([what, how]) => [what, ...how]);
  return fc
    .tuple(
      fc.array(fc.nat(255), { minLength: prefixLength, maxLength: prefixLength }),
      fc.array(operation, { maxLength: mostOperations, size: "max" }),
    )
    .map(([prefix, steps]) => Uint8Array.from([...prefix, ...steps.flat()]));
}

const anything = fc.uint8Array({ maxLength: 2_000, size: "max" });

export const TARGETS: readonly TargetEntry[] = [
  {
    name: "frame-decoder",
    inputs: fc.oneof(program(8, 40, 3), anything),
    reaches: ["core/stream/frame-decoder", "core/wire/frame", "core/wire/datagram-frame", "core/wire/crc16"],
  },
  {
    name: "reassembly",
    inputs: program(8, 60, 1),
    reaches: ["core/stream/stream-reassembly", "core/datagram/datagram-reassembly"],
  },
  {
    name: "utack",
    inputs: fc.oneof(program(6, 60, 1), anything),
    reaches: ["core/wire/utack", "core/datagram/stop-and-wait-arq", "core/datagram/rtt-estimator"],
  },
  {
    name: "stream-session",
    inputs: program(24, 80),
    reaches: [
      "core/stream/stream-connection",
      "core/stream/stream-session",
      "core/stream/stream-keys",
      "core/session/frame-cipher",
    ],
  },
  {
    name: "datagram-session",
    inputs: program(28, 80),
    reaches: [
      "core/datagram/datagram-connection",
      "core/datagram/datagram-session",
      "core/datagram/datagram-keys",
      "core/datagram/arq-sender",
    ],
  },
  {
    name: "rekey",
    inputs: program(16, 80, 1),
    reaches: [
      "core/stream/stream-keys",
      "core/datagram/datagram-keys",
      "core/session/rekey-kdf",
      "core/datagram/replay-window",
    ],
  },
  {
    name: "device-handshake",
    inputs: program(10, 40, 1),
    reaches: ["core/handshake/stream-device", "core/handshake/datagram-device", "core/handshake/retransmitter"],
  },
  {
    name: "gateway-handshake",
    inputs: program(10, 40, 1),
    reaches: ["core/handshake/stream-gateway", "core/handshake/datagram-gateway", "core/handshake/retransmitter"],
  },
  {
    name: "key-file",
    inputs: fc.oneof(program(10, 20, 3), anything),
    reaches: ["gateway/keys/key-file-parser"],
  },
  {
    name: "cli-arguments",
    // Mostly words of the program, told apart by one byte each; the rest is text.
    inputs: fc
      .tuple(fc.nat(15), fc.array(fc.oneof({ weight: 6, arbitrary: fc.nat(55) }, fc.nat(255)), { maxLength: 20 }))
      .map(([mode, words]) => Uint8Array.from([mode, ...words])),
    reaches: ["cli/run", "cli/connect", "cli/serve", "cli/keygen", "cli/key-source", "cli/address"],
  },
];
