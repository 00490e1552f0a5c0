export { flush, LinkRecorder, rejection } from "../../lib/testing/conformance/link-recorder.js";
export { soon as within, turn } from "./patience.js";
