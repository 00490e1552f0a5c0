/** CRC-16/MODBUS (§1): reflected polynomial 0xA001, initial 0xFFFF, no final xor. Finds line noise; no security check. */

const REFLECTED_POLYNOMIAL = 0xa001;
const INITIAL = 0xffff;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REFLECTED_POLYNOMIAL : crc >>> 1;
  return crc;
});

/** The CRC of `bytes[start..end)`, continuing from `crc`: so that header and payload need not be joined. */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length, crc = INITIAL): number {
  for (let index = start; index < end; index++) {
    // Both indexes are in range: `index` by the loop, the table's by the mask.
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[index] as number)) & 0xff] as number);
  }
  return crc;
}
