/*
 * Settings: what the gateway sets is kept in flash, and survives restarts and power cuts.
 *
 * From the gateway: "get", "set interval 10" (1 to 3600 seconds), "set name kitchen", "factory", "reboot".
 * To the gateway:   "name=kitchen interval=10 boots=3", on each new session and for each command that worked;
 *                   "kitchen is alive" every interval; "ERR ...".
 */
import {
  delay,
  ESP,
  isMain,
  millis,
  Preferences,
  runSketch,
  Serial,
  String,
  uint32_t,
  USMP,
  USMPClient,
} from "usmp/arduino";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const SERVER_IP = process.env["USMP_HOST"] ?? "127.0.0.1";
const SERVER_PORT = Number(process.env["USMP_PORT"] ?? 9000);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";

const MIN_INTERVAL = 1;
const MAX_INTERVAL = 3600;
const MAX_NAME = 20;
const LEAVE_MS = 50; // the radio sends on its own: BYE has to be out before the restart

export default function settings() {
  const usmp = new USMPClient(PSK);
  const preferences = new Preferences();

  let name = String();
  let intervalSeconds = 0;
  let boots = 0;
  let rebootWanted = false;
  let lastAliveMs = 0;

  function load() {
    name = preferences.getString("name", "unnamed");
    intervalSeconds = preferences.getUInt("interval", 30);
  }

  // A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
  // The next "is alive" comes in any case.
  function announce() {
    usmp.send(`name=${name.c_str()} interval=${intervalSeconds} boots=${boots}`);
  }

  function setInterval(value: String): boolean {
    const seconds = value.toInt();
    if (seconds < MIN_INTERVAL || seconds > MAX_INTERVAL) return false;
    // Flash wears out, at some 100,000 writes of a page: what is there already is not written again.
    if (seconds !== intervalSeconds) preferences.putUInt("interval", seconds);
    return true;
  }

  function setName(value: String): boolean {
    if (value.length() === 0 || value.length() > MAX_NAME) return false;
    if (!value.equals(name)) preferences.putString("name", value);
    return true;
  }

  function onMessage(data: Uint8Array) {
    const command = String(data);
    command.trim();

    let ok = false;
    if (command.equals("get")) {
      ok = true;
    } else if (command.startsWith("set interval ")) {
      ok = setInterval(command.substring(13));
    } else if (command.startsWith("set name ")) {
      ok = setName(command.substring(9));
    } else if (command.equals("factory")) {
      preferences.clear();
      preferences.putUInt("boots", boots);
      ok = true;
    } else if (command.equals("reboot")) {
      rebootWanted = true; // not here: a callback cannot wait
      return;
    }

    if (!ok) {
      usmp.send(`ERR ${command.c_str()}`);
      return;
    }
    load();
    announce();
  }

  async function setup() {
    Serial.begin(115200);
    preferences.begin("settings");
    boots = preferences.getUInt("boots", 0) + 1;
    preferences.putUInt("boots", boots);
    load();

    usmp.onConnect(announce);
    usmp.onMessage(onMessage);
    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
  }

  async function reboot() {
    usmp.close(); // says BYE: the gateway knows at once, and waits for no timeout
    await delay(LEAVE_MS);
    ESP.restart();
  }

  async function loop() {
    usmp.maintain();
    if (rebootWanted) await reboot();

    if (uint32_t(millis() - lastAliveMs) >= intervalSeconds * 1000) {
      lastAliveMs = millis();
      usmp.send(`${name.c_str()} is alive`);
    }
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(settings);
