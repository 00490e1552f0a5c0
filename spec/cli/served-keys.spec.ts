import { expect } from "chai";
import { describeReload, labelOf } from "../../lib/cli/served-keys.js";

describe("describeReload", () => {
  const NOTHING = { devices: 2, added: [], changed: [], revoked: [] };

  it("names each device with its name behind it, escaped", () => {
    const reload = {
      devices: 1,
      added: [{ deviceId: "02:00:00:00:00:01", name: "a\nb" }],
      changed: [],
      revoked: [
        { deviceId: "02:00:00:00:00:02", name: null },
        { deviceId: "02:00:00:00:00:03", name: "pump" },
      ],
    };
    expect(describeReload(reload)).to.equal(
      "1 device; added 02:00:00:00:00:01 (a\\nb); revoked 02:00:00:00:00:02, 02:00:00:00:00:03 (pump)",
    );
  });

  it("counts alone where no device is concerned", () => {
    expect(describeReload(NOTHING)).to.equal("2 devices");
  });

  it("names ten devices of a kind, and counts the others", () => {
    const changed = Array.from({ length: 12 }, (_, index) => ({ deviceId: `device-${index}`, name: null }));
    const line = describeReload({ ...NOTHING, changed });
    expect(line)
      .to.match(/^2 devices; changed device-0, .*, device-9 and 2 more$/)
      .and.not.to.contain("device-10");
  });
});

describe("labelOf", () => {
  it("is the device's id alone where there is no key file", () => {
    expect(labelOf("02:00:00:00:00:01", null)).to.equal("02:00:00:00:00:01");
  });
});
