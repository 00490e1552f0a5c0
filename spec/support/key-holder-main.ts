/**
 * A device or a gateway in a process of its own, whose memory is searched from outside: `key-holder.ts` starts it. It holds no key but in
 * the library: its PSK comes masked, and it tells masked which other keys there were.
 */
import type { CipherName, CryptoProvider } from "../../lib/core/crypto-provider.js";
import { loadCrypto } from "../../lib/crypto/index.js";
import { KeyFile } from "../../lib/gateway/keys/key-file.js";
import { Usmp } from "../../lib/usmp.js";
import { masked, transportOf, type HolderReport, type Order } from "./key-holder.js";

const [role, cipher, deviceId] = process.argv.slice(2) as ["device" | "gateway", CipherName, string];
const keys = new Set<string>();
let usmp: Usmp;

function keep(key: Uint8Array): void {
  keys.add(masked(key).toString("hex"));
}

function recording(crypto: CryptoProvider): CryptoProvider {
  return {
    ...crypto,
    aead: (name, key) => (keep(key), crypto.aead(name, key)),
    generateKeyPair: () => {
      const pair = crypto.generateKeyPair();
      const sharedSecret = (peer: Uint8Array): Uint8Array | null => {
        const shared = pair.sharedSecret(peer);
        if (shared !== null) keep(shared);
        return shared;
      };
      return { publicKey: pair.publicKey, sharedSecret, wipe: () => pair.wipe() };
    },
  };
}

/** Carries out an order; where it listens, the port. */
async function obey(order: Order): Promise<number> {
  switch (order.type) {
    case "psk": {
      const psk = masked(Buffer.from(order.maskedPsk, "hex"));
      await use(psk);
      psk.fill(0);
      return 0;
    }
    case "key file":
      await use(await KeyFile.open(order.path));
      return 0;
    case "begin": {
      const transport = transportOf(order.kind, order.port);
      if (role === "gateway") return (await usmp.listen(transport))[0]!.port;
      return begun(await usmp.begin(transport));
    }
    case "reconnect":
      return begun(await usmp.reconnect());
    case "tell":
      return 0;
    case "rekey": {
      const session = role === "gateway" ? usmp.sessions()[0]! : usmp;
      await session.rekey();
      // What answers it is the first frame under the new keys.
      await session.ping();
      return 0;
    }
    case "close":
      await usmp.close();
      return 0;
  }
}

async function use(psk: Uint8Array | KeyFile): Promise<void> {
  usmp = new Usmp(psk, { cipher, deviceId, crypto: recording(await loadCrypto([cipher])) });
  usmp.onMessage((data, _length, session) => void session.sendAsync(data));
}

function begun(established: boolean): number {
  if (!established) throw new Error(usmp.lastErrorString());
  return 0;
}

process.on("message", (order: Order) => {
  void obey(order).then((port) => process.send!({ port, maskedKeys: [...keys] } satisfies HolderReport));
});
