/** CRC-16/MODBUS (§1): reflected polynomial 0xA001, initial 0xFFFF, no final xor. Not a security check. */

const REFLECTED_POLYNOMIAL = 0xa001;
const INITIAL = 0xffff;

/** Bytes per step. Each has a table of its own, so the look-ups do not wait for each other. */
const STEP = 8;

/** `TABLES[n][byte]`: what `byte` contributes to the CRC if `n` bytes follow it in the step. */
const TABLES = makeTables();
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint16Array,
  Uint16Array,
  Uint16Array,
  Uint16Array,
  Uint16Array,
  Uint16Array,
  Uint16Array,
  Uint16Array,
];

/** The CRC of `bytes[start..end)`, continued from `crc`, so that a header and its payload need not be joined. */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length, crc = INITIAL): number {
  let index = start;
  // All indexes are in range: the loops bound those of `bytes`, and a table has 256 entries.
  for (; index + STEP <= end; index += STEP) {
    crc =
      T7[(crc & 0xff) ^ bytes[index]!]! ^
      T6[(crc >>> 8) ^ bytes[index + 1]!]! ^
      T5[bytes[index + 2]!]! ^
      T4[bytes[index + 3]!]! ^
      T3[bytes[index + 4]!]! ^
      T2[bytes[index + 5]!]! ^
      T1[bytes[index + 6]!]! ^
      T0[bytes[index + 7]!]!;
  }
  for (; index < end; index++) crc = (crc >>> 8) ^ T0[(crc & 0xff) ^ bytes[index]!]!;
  return crc;
}

function makeTables(): Uint16Array[] {
  const first = Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REFLECTED_POLYNOMIAL : crc >>> 1;
    return crc;
  });
  const tables = [first];
  for (let last = first; tables.length < STEP; tables.push(last)) {
    last = last.map((crc) => (crc >>> 8) ^ first[crc & 0xff]!);
  }
  return tables;
}
