/**
 * Keeps one warning out of the output: that of a device that cannot connect while nobody listens. Specs have many such devices
 * on purpose, and those about the warning catch it (`warningsDuring`). Every other warning is printed.
 */
const printers = process.listeners("warning");
for (const printer of printers) {
  process.off("warning", printer);
  process.on("warning", (warning) => {
    if (warning.name !== "UsmpWarning") printer.call(process, warning);
  });
}
