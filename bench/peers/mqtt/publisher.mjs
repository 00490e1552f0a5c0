// MQTT.js publishes with QoS 0, in a loop or, with `awaits`, each after the last one was written. A last message with QoS 1, which the
// broker acknowledges, says that it has all before it.
import { once } from "node:events";

import { sending } from "../sending.mjs";
import { setup } from "../setup.mjs";
import { connectPsk, TOPIC } from "./connect-psk.mjs";

const QOS_0 = { qos: 0 };

sending(async () => {
  const client = await connectPsk(setup.port);
  client.stream.setNoDelay(true);
  let written = Promise.resolve();
  let isWritten = true;
  return {
    send(data) {
      if (client.stream.writableNeedDrain || !isWritten) return false;
      if (setup.awaits) {
        isWritten = false;
        written = client.publishAsync(TOPIC, data, QOS_0).then(() => (isWritten = true));
      } else client.publish(TOPIC, data, QOS_0);
      return true;
    },
    drained: () => (isWritten ? once(client.stream, "drain") : written),
    finish: () => setup.subscribes || client.publishAsync(TOPIC, "last", { qos: 1 }),
    close: () => client.endAsync(),
  };
});
