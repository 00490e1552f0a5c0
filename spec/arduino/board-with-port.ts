import { Board } from "../../lib/arduino/board/board.js";
import { MemoryStorage } from "../../lib/arduino/board/storage.js";
import { noNetwork } from "../../lib/testing/no-network.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { VirtualSerial } from "../../lib/testing/virtual-serial.js";

/** Counts who listens to it. */
class CountingSerial extends VirtualSerial {
  listeners = 0;

  override onArrival(callback: () => void): () => void {
    this.listeners++;
    const stop = super.onArrival(callback);
    return () => {
      this.listeners--;
      stop();
    };
  }
}

/** A board on which no sketch runs, with a serial port that counts its listeners. */
export function createBoard(): { board: Board; clock: VirtualClock; port: VirtualSerial; listeners: () => number } {
  const clock = new VirtualClock();
  const port = new CountingSerial(() => clock.now());
  const board = new Board({
    clock,
    pins: { floating: () => 0 },
    storage: new MemoryStorage(),
    serialPorts: [port, port],
    network: noNetwork,
    deviceId: null,
    entropy: () => 0,
  });
  return { board, clock, port, listeners: () => port.listeners };
}
