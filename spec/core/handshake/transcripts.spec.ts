/** transcripts.json: whole connections of the public Python SDK. With its keys, every frame of ours is the same. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import type { CipherName, CryptoProvider } from "../../../lib/core/crypto-provider.js";
import type { FrameType } from "../../../lib/core/wire/wire.js";
import { loadCrypto } from "../../../lib/crypto/index.js";
import { UsmpError } from "../../../lib/errors.js";
import { fromHex, toHex } from "../../support/core-bytes.js";
import { crypto as nodeProvider, scripted } from "../../support/core-crypto.js";
import { deviceEnd, gatewayEnd, type End } from "../../support/core-pair.js";

type Side = "client" | "server";

interface Transcript {
  readonly name: string;
  readonly cipher: "AES256_GCM" | "CHACHA20_POLY1305";
  readonly psk: string;
  readonly device_id: string;
  readonly client_private: string;
  readonly server_private: string;
  readonly nonce: string;
  readonly session_id: string;
  readonly rekey: { readonly salt: string };
  readonly messages: readonly { readonly from: Side; readonly message: string }[];
  readonly frames: readonly { readonly from: Side; readonly type: keyof typeof FrameType; readonly frame: string }[];
}

const CIPHERS: Record<Transcript["cipher"], CipherName> = {
  AES256_GCM: "aes-256-gcm",
  CHACHA20_POLY1305: "chacha20-poly1305",
};

const file = new URL("../../vectors/transcripts.json", import.meta.url);
const { transcripts } = JSON.parse(readFileSync(file, "utf8")) as { readonly transcripts: readonly Transcript[] };

/** Our own end, with the randomness of the SDK's. */
function endOf(side: Side, base: CryptoProvider, transcript: Transcript): End {
  const cipher = CIPHERS[transcript.cipher];
  const psk = fromHex(transcript.psk);
  if (side === "client") {
    const crypto = scripted(
      { privateKeys: [fromHex(transcript.client_private)], random: [fromHex(transcript.rekey.salt)] },
      base,
    );
    return deviceEnd({ crypto, cipher, psk, deviceId: fromHex(transcript.device_id) });
  }
  const random = [fromHex(transcript.nonce), fromHex(transcript.session_id)];
  const crypto = scripted({ privateKeys: [fromHex(transcript.server_private)], random }, base);
  return gatewayEnd({ crypto, cipher, psk });
}

/** Plays `side` with our core and the other side from the transcript; gives back our frames, where they belong. */
function replay(side: Side, end: End, { frames, messages }: Transcript): string[] {
  const ourMessages = messages.filter(({ from }) => from === side).map(({ message }) => fromHex(message));
  const written: string[] = [];
  const ready: string[] = [];
  for (const { from, type, frame } of frames) {
    if (from !== side) {
      end.receive(fromHex(frame));
      written.push(frame);
      continue;
    }
    // What is no answer has to be asked for. A message of several frames comes out at once.
    ready.push(...end.frames().map(toHex));
    if (ready.length === 0) {
      ask(end, type, ourMessages);
      ready.push(...end.frames().map(toHex));
    }
    written.push(ready.shift() ?? "nothing");
  }
  expect(ready).to.deep.equal([]);
  expect(ourMessages).to.deep.equal([]);
  return written;
}

function ask(end: End, type: keyof typeof FrameType, messages: Uint8Array[]): void {
  switch (type) {
    case "DATA":
    case "DATA_FRAG":
      return void end.connection.send(messages.shift()!, 0);
    case "PING":
      return end.connection.request({ type: "ping" }, 0);
    case "REKEY":
      return end.connection.request({ type: "rekey" }, 0);
    case "BYE":
      return end.connection.close(new UsmpError("CLOSED", "the transcript ends here"));
    default:
      expect.fail(`${type} did not come by itself`);
  }
}

describe("transcripts of the public Python SDK", () => {
  const providers: CryptoProvider[] = [nodeProvider];

  before("loads the default provider", async () => {
    providers.push(await loadCrypto());
  });

  for (const transcript of transcripts) {
    for (const side of ["client", "server"] as const) {
      it(`comes out byte for byte from our ${side}: ${transcript.name}`, () => {
        for (const provider of providers) {
          const end = endOf(side, provider, transcript);
          expect(replay(side, end, transcript), provider.name).to.deep.equal(
            transcript.frames.map(({ frame }) => frame),
          );

          const theirs = transcript.messages.filter(({ from }) => from !== side).map(({ message }) => message);
          expect(end.messages.map(toHex)).to.deep.equal(theirs);
          expect(end.closed).to.equal(side === "client" ? "CLOSED" : "BYE");
        }
      });
    }
  }
});
