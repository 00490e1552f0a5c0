/*
 * Command parser: a table of commands, run from the gateway and from the serial monitor alike.
 *
 * Both are a Print to the handlers: Serial is one, and USMPClient is one too, where the end of a line sends a message.
 *
 *   help                      the commands
 *   uptime                    seconds since the start
 *   mode <pin> in|out|pullup
 *   read <pin>                0 or 1
 *   write <pin> 0|1
 *   adc <pin>                 0 to 4095
 *   echo "two words"          quotes keep words together
 */
import {
  analogRead,
  char,
  delay,
  digitalRead,
  digitalWrite,
  HIGH,
  INPUT,
  INPUT_PULLUP,
  isMain,
  LOW,
  millis,
  OUTPUT,
  pinMode,
  type Print,
  runSketch,
  Serial,
  USMP,
  USMPClient,
} from "usmp/arduino";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const SERVER_IP = process.env["USMP_HOST"] ?? "127.0.0.1";
const SERVER_PORT = Number(process.env["USMP_PORT"] ?? 9000);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";

const FREE_PINS = [2, 4, 16, 17, 34, 35];
const MAX_WORDS = 4;
const MAX_LINE = 80;

interface Command {
  readonly name: string;
  readonly args: number;
  readonly run: (args: readonly string[], out: Print) => void;
}

export default function commandParser() {
  const usmp = new USMPClient(PSK);

  let serialLine = "";

  // Gives -1, after it has said why, where the pin is not one to play with: a flash pin that is driven ends the program.
  function freePin(text: string, out: Print): number {
    const pin = FREE_PINS.find((free) => `${free}` === text);
    if (pin === undefined) out.printf("ERR %s is not a free pin\n", text);
    return pin ?? -1;
  }

  function uptime(_args: readonly string[], out: Print) {
    out.printf("uptime %lu\n", Math.trunc(millis() / 1000));
  }

  function mode([pinText, word]: readonly string[], out: Print) {
    const pin = freePin(pinText!, out);
    if (pin < 0) return;
    if (word === "in") {
      pinMode(pin, INPUT);
    } else if (word === "out") {
      pinMode(pin, OUTPUT);
    } else if (word === "pullup") {
      pinMode(pin, INPUT_PULLUP);
    } else {
      out.printf("ERR mode is in, out or pullup, not %s\n", word!);
      return;
    }
    out.println("OK");
  }

  function readPin([pinText]: readonly string[], out: Print) {
    const pin = freePin(pinText!, out);
    if (pin >= 0) out.printf("%d\n", digitalRead(pin));
  }

  function writePin([pinText, level]: readonly string[], out: Print) {
    const pin = freePin(pinText!, out);
    if (pin < 0) return;
    if (level !== "0" && level !== "1") {
      out.println("ERR a pin takes 0 or 1");
      return;
    }
    digitalWrite(pin, level === "1" ? HIGH : LOW);
    out.println("OK");
  }

  function adc([pinText]: readonly string[], out: Print) {
    const pin = freePin(pinText!, out);
    if (pin >= 0) out.printf("%d\n", analogRead(pin));
  }

  function echo([text]: readonly string[], out: Print) {
    out.println(text!);
  }

  const COMMANDS: readonly Command[] = [
    { name: "help", args: 0, run: help },
    { name: "uptime", args: 0, run: uptime },
    { name: "mode", args: 2, run: mode },
    { name: "read", args: 1, run: readPin },
    { name: "write", args: 2, run: writePin },
    { name: "adc", args: 1, run: adc },
    { name: "echo", args: 1, run: echo },
  ];

  function help(_args: readonly string[], out: Print) {
    for (const command of COMMANDS) {
      out.print(command.name);
      out.print(" ");
    }
    out.println();
  }

  // Cuts the line at spaces that are not within quotes. Gives null for too many words.
  function split(line: string): string[] | null {
    const words = Array.from(line.matchAll(/"([^"]*)"?|([^ ]+)/g), ([, quoted, plain]) => quoted ?? plain ?? "");
    return words.length > MAX_WORDS ? null : words;
  }

  function runLine(line: string, out: Print) {
    const words = split(line);
    if (words === null) {
      out.printf("ERR more than %d words\n", MAX_WORDS);
      return;
    }
    const [name, ...args] = words;
    if (name === undefined) return;
    for (const command of COMMANDS) {
      if (name !== command.name) continue;
      if (args.length === command.args) {
        command.run(args, out);
      } else {
        out.printf("ERR %s takes %d, not %d\n", command.name, command.args, args.length);
      }
      return;
    }
    out.printf("ERR no command %s, try help\n", name);
  }

  // An answer that cannot be sent is not repeated: who asked is gone with the session.
  function onMessage(data: Uint8Array, len: number) {
    if (len > MAX_LINE) {
      usmp.println("ERR too long");
      return;
    }
    runLine(new TextDecoder().decode(data).replace(/[\r\n].*/s, ""), usmp);
  }

  // Byte by byte: Serial.readStringUntil() would hold up loop(), and the session, until the line is whole.
  function readSerial() {
    while (Serial.available() > 0) {
      const c = char(Serial.read());
      if (c === "\n") {
        const line = serialLine;
        serialLine = "";
        runLine(line, Serial);
      } else if (c !== "\r" && serialLine.length < MAX_LINE) {
        serialLine += c;
      }
    }
  }

  async function setup() {
    Serial.begin(115200);
    usmp.onMessage(onMessage);
    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
  }

  function loop() {
    usmp.maintain();
    readSerial();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(commandParser);
