/** The gateway's end of the handshake, over a stream and over datagrams, with others than the device at the other end. */
import { Choices } from "../choices.js";
import { attackDatagrams } from "../datagram-handshake.js";
import { attackStream } from "../stream-handshake.js";

export function fuzz(data: Uint8Array): void {
  const choices = new Choices(data);
  if (choices.below(2) === 0) attackStream("gateway", choices);
  else attackDatagrams("gateway", choices);
}
