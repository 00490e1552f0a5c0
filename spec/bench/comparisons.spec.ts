import { expect } from "chai";
import { existsSync } from "node:fs";

import { COMPARISONS } from "../../bench/comparisons.js";
import * as contestants from "../../bench/contestants.js";

/** Every goal as `comparison | figure | measure bound | against`. */
const GOALS = COMPARISONS.flatMap(({ title, goals }) =>
  goals.map(({ figure, measure, least, most, against }) => {
    const bound = least !== undefined ? `>= ${least}` : `<= ${Number((most ?? NaN).toFixed(3))}`;
    return [title, figure, `${measure} ${bound}`, against ?? ""].join(" | ");
  }),
);

describe("The bench's comparisons", () => {
  it("have titles of their own", () => {
    const titles = COMPARISONS.map(({ title }) => title);
    expect(new Set(titles).size).to.equal(titles.length);
  });

  it("have contestants with names of their own, and goals against those", () => {
    for (const { title, contestants: entered, goals } of COMPARISONS) {
      const names = entered.map(({ name }) => name);
      expect(new Set(names).size, title).to.equal(names.length);
      for (const { against } of goals) if (against !== undefined) expect(names.slice(1), title).to.include(against);
    }
  });

  it("cover both ciphers, both carriers and the three sizes, one way and there and back", () => {
    for (const what of ["one way", "echo, a core each"]) {
      for (const size of [32, 452, 1808]) {
        for (const path of ["TCP, AES", "TCP, ChaCha20", "UDP, AES", "UDP, ChaCha20"]) {
          const title = `${what}, ${size} bytes, ${path}`;
          expect(COMPARISONS.map((comparison) => comparison.title)).to.include(title);
        }
      }
    }
  });

  it("hold what is wanted", () => {
    expect(GOALS).to.have.members([
      "one way, 32 bytes, TCP, AES | messages/s | ratio >= 7 | Python SDK",
      "one way, 32 bytes, TCP, AES | messages/s | ratio >= 0.8 | AEAD alone",
      "one way, 32 bytes, TCP, AES | messages/s | ratio >= 1 | MQTT.js to a subscriber",
      "one way, 32 bytes, TCP, AES | messages/s | ratio >= 1 | MQTT.js, in a loop",
      "one way, 452 bytes, TCP, AES | messages/s | ratio >= 40 | Python SDK",
      "one way, 32 bytes, TCP, ChaCha20 | messages/s | ratio >= 2 | node:net",
      "one way, 32 bytes, UDP, AES | messages/s | ratio >= 3 | Python SDK",
      "echo, a core each, 32 bytes, TCP, AES | p50 | ratio <= 1.1 | bare AEAD echo",
      "echo, a core each, 32 bytes, TCP, AES | p50 | ratio <= 0.4 | Python SDK",
      "echo, a core each, 32 bytes, TCP, ChaCha20 | p50 | ratio <= 1.1 | bare AEAD echo",
      "echo, a core each, 32 bytes, TCP, ChaCha20 | p50 | ratio <= 0.4 | Python SDK",
      "echo, a core each, 32 bytes, TCP, ChaCha20 | p50 | ratio <= 1.3 | TLS, ECDHE-PSK-CHACHA20",
      "echo, a core each, 32 bytes, TCP, ChaCha20 | p50 | ratio <= 1.3 | TLS, PSK-AES256-GCM",
      "echo, a core each, 32 bytes, UDP, AES | p50 | ratio <= 0.167 | Python SDK",
      "handshakes, one after the other, TCP | handshakes/s | ratio >= 2 | TLS, ECDHE-PSK-CHACHA20",
      "handshakes, 8 at once, TCP | handshakes/s | ratio >= 2 | TLS, ECDHE-PSK-CHACHA20",
      "one way over many sessions, 32 bytes, TCP, AES | messages/s | ratio >= 0.8 | 1 session",
      "one way over many sessions, 32 bytes, TCP, ChaCha20 | messages/s | ratio >= 0.8 | 1 session",
      "one way over many sessions, 32 bytes, UDP, AES | messages/s | ratio >= 0.8 | 1 session",
      "memory of an idle gateway session, TCP | heap and buffers | itself <= 14 | ",
      "memory of an idle gateway session, TCP | RSS | itself <= 14 | ",
      "memory of an idle gateway session, UDP | heap and buffers | itself <= 14 | ",
      "memory of an idle gateway session, UDP | RSS | itself <= 14 | ",
      "processor time of an idle process with one session, TCP | device | difference <= 1000 | node:net",
      "processor time of an idle process with one session, TCP | gateway | difference <= 1000 | node:net",
      "processor time of an idle process with one session, UDP | device | difference <= 1000 | node:net",
      "processor time of an idle process with one session, UDP | gateway | difference <= 1000 | node:net",
      "start of a device facade | ms | difference <= 70 | bare Node",
      "usmp --help | ms | difference <= 60 | bare Node",
    ]);
  });

  it("are between processes whose scripts are there", () => {
    for (const { name, sender, receiver } of Object.values(contestants)) {
      for (const script of [sender, receiver])
        if (script !== undefined) expect(existsSync(`bench/peers/${script}`), name).to.be.true;
    }
  });
});
