// MQTT.js publishes with QoS 0, as fast as its stream takes it. Where nobody subscribes, a last message with QoS 1, which the broker
// acknowledges, says that it has all before it.
import { once } from "node:events";

import { sending } from "../sending.mjs";
import { setup } from "../setup.mjs";
import { connectPsk, TOPIC } from "./connect-psk.mjs";

const QOS_0 = { qos: 0 };

sending(async () => {
  const client = await connectPsk(setup.port);
  client.stream.setNoDelay(true);
  return {
    send(data) {
      if (client.stream.writableNeedDrain) return false;
      client.publish(TOPIC, data, QOS_0);
      return true;
    },
    drained: () => once(client.stream, "drain"),
    finish: () => setup.subscribes || client.publishAsync(TOPIC, "last", { qos: 1 }),
    close: () => client.endAsync(),
  };
});
